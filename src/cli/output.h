/// Printing of results on standard output.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns `text`, which is to be shown on a terminal, without what a text from outside could change the terminal or
/// the reading direction with: C1 control characters and Unicode's direction marks, overrides and line separators are
/// written as in JSON (\u202e), so that a document stays one; invalid bytes become U+FFFD. Control characters below
/// U+0020 stay: colours and line ends are made of them, and whoever prints a text escapes them.
std::string ForTerminal(std::string_view text);

/// Writes `text`: ForTerminal if standard output is a terminal, otherwise unchanged. Errors: kIo, such as a full disk
/// behind a redirection.
Result<void> Print(std::string_view text);

/// Returns true if a write failed because the reader of standard output, such as `head`, has closed it.
bool OutputWasClosed();

/// Writes out buffered output; called once at the end. Errors: kIo.
Result<void> FlushOutput();

}  // namespace winnow
