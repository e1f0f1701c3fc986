/// What people know about messages of the history.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace winnow {

/// Whether messages are spam: by blind labels, else by the last word of an administrator, else by what all users say
/// who have said something.
class MessageTruth {
 public:
  /// Reads feedback and blind labels. Errors: those of the store.
  static Result<MessageTruth> Read(Store& store);

  /// Returns nothing for a message about which nobody has said anything, or users contradict each other.
  std::optional<bool> Of(const MessageRecord& message) const;

 private:
  std::map<std::string, std::optional<bool>> by_id_, by_text_;  // texts by their SHA-256; nothing: contradicted
};

}  // namespace winnow
