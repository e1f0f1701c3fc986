/// Printing of results on standard output.
#pragma once

#include <string_view>

#include "base/result.h"

namespace winnow {

/// Writes `text` unchanged. Errors: kIo, such as a full disk behind a redirection.
Result<void> Print(std::string_view text);

/// Returns true if a write failed because the reader of standard output, such as `head`, has closed it.
bool OutputWasClosed();

/// Writes out buffered output; called once at the end. Errors: kIo.
Result<void> FlushOutput();

}  // namespace winnow
