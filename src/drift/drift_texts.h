/// Where the texts that drift compares come from.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace winnow {

struct StoredTexts {
  std::vector<std::string> texts;
  size_t redacted = 0;  ///< number of messages that were left out because their text is redacted
};

/// Returns the texts of a store's messages of a period, the newest `most` of them, whichever step of the filter judged
/// them. Errors: those of the store.
Result<StoredTexts> ReadStoredTexts(Store& store, StoreTime since, std::optional<StoreTime> until, size_t most);

}  // namespace winnow
