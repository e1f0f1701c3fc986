/// Case folding of single code points, which keeps every code point one code point.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns `text` with each code point replaced by its simple case folding (Unicode's CaseFolding.txt, statuses C and
/// S). Texts that a regular expression takes for equal with (?i) have equal foldings. Invalid bytes become U+FFFD.
/// Thread-safe.
std::string SimpleFold(std::string_view text);

}  // namespace winnow
