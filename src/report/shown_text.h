/// Texts and names that other people wrote, made fit to be looked at: what would be invisible, or would change how the
/// rest of the page reads, is shown by its number.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

struct ShownTextOptions {
  size_t most = 600;        ///< code points; of longer texts the beginning, and how many more there are
  bool keep_lines = false;  ///< line ends and tabs stay
};

/// Valid UTF-8. Control characters, Unicode's direction marks and overrides (Boucher and Anderson 2021, "Trojan
/// Source"), its other invisible format characters, line separators and noncharacters become "[U+202E]"; invalid bytes
/// become U+FFFD; kSegmentSeparator becomes " [SEP] ".
std::string ShownText(std::string_view text, const ShownTextOptions& options = {});

/// ShownText as HTML, safe between tags and in quoted attributes.
std::string HtmlText(std::string_view text, const ShownTextOptions& options = {});

/// A message of several segments: each in a <span class="segment">, divided by <span class="sep">.
std::string HtmlMessage(std::string_view text, size_t most = 600);

/// ShownText as Markdown (CommonMark, GitHub's tables), one line that means nothing but itself.
std::string MarkdownText(std::string_view text, const ShownTextOptions& options = {});

}  // namespace winnow
