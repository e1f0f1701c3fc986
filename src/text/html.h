/// Text as HTML.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Safe between tags and in quoted attributes; other bytes stay as they are.
std::string EscapedHtml(std::string_view text);

}  // namespace winnow
