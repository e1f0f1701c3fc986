/// Results, on standard output.
#pragma once

#include <string_view>

#include "base/result.h"

namespace winnow {

/// Writes `text` as it is. Errors: kIo, such as a full disk behind a redirection.
Result<void> Print(std::string_view text);

/// Writes out what is buffered; called once at the end. Errors as above.
Result<void> FlushOutput();

}  // namespace winnow
