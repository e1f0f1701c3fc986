/// What the commands of `winnow feedback` share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/command.h"
#include "store/store.h"

namespace winnow {

struct FeedbackOptions : CommonOptions {
  std::string store;
};

void AddStoreOption(FeedbackOptions& options, OptionTable& table);

/// Opens a store that exists. Errors: kNotFound for a SQLite file that does not; those of Store::Open.
Result<std::unique_ptr<Store>> OpenExistingStore(const std::string& url);

/// Returns the value of an option; nothing if it is empty.
inline std::optional<std::string> Given(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(value);
}

/// Reads the value of an option: a day, or a time as `winnow feedback list` prints it, in UTC. Empty: nothing. Errors:
/// kInvalidArgument.
Result<std::optional<StoreTime>> ParseTimeOption(std::string_view option, const std::string& value);

/// Returns the event with the names that the HTTP API uses.
Json EventJson(const StoredFeedback& stored);

}  // namespace winnow
