/// The check that a generated text is new: neither a text of the training part nor one of a held-out part.
#pragma once

#include <span>
#include <string>
#include <unordered_set>

#include "data/dataset.h"

namespace winnow {

/// The texts that a generated text must differ from. Not thread-safe.
class NewTexts {
 public:
  enum class Verdict {
    kNew,
    kRepeated,   ///< blank, or equal to a text of the training part or to one taken before
    kForbidden,  ///< has the DuplicateKey of a held-out text
  };

  /// Remembers the texts of `train`, and the DuplicateKey of each text of the sets in `held_out`.
  NewTexts(const Dataset& train, std::span<const Dataset* const> held_out);

  /// Says whether the text is new, and remembers it if it is.
  Verdict Take(const std::string& text);

 private:
  std::unordered_set<std::string> texts_;
  std::unordered_set<std::string> held_out_keys_;
};

}  // namespace winnow
