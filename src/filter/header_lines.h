/// Header fields written as in a mail.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

/// Returns the names and values of lines "Name: value" up to the first empty line. A line that begins with white space
/// continues the one before it (RFC 5322, 2.2.3); lines without a colon are skipped. Nothing is decoded.
std::vector<std::pair<std::string, std::string>> ParseHeaderLines(std::string_view text);

}  // namespace winnow
