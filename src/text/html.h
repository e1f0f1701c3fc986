/// Escaping of text for HTML.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns text that is safe between tags and in quoted attributes; other characters stay as they are.
std::string EscapedHtml(std::string_view text);

}  // namespace winnow
