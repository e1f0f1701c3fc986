/// Printing of results on standard output.
#pragma once

#include <string_view>

#include "base/result.h"

namespace winnow {

/// Writes `text` unchanged. Errors: kIo, such as a full disk behind a redirection.
Result<void> Print(std::string_view text);

/// Writes out buffered output; called once at the end. Errors: kIo.
Result<void> FlushOutput();

}  // namespace winnow
