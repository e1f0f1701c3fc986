/// Display of texts and names that other people wrote: characters that are invisible, or would change how the rest of
/// the page reads, are shown by their numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

struct ShownTextOptions {
  /// Maximum number of code points; of longer texts, the beginning and the number of the other code points are shown.
  size_t most = 600;
  bool keep_lines = false;  ///< true if line ends and tabs are kept
};

/// Returns valid UTF-8. Control characters, Unicode's direction marks and overrides (Boucher and Anderson 2021, "Trojan
/// Source"), its other invisible format characters, line separators and noncharacters become "[U+202E]"; invalid bytes
/// become U+FFFD; kSegmentSeparator becomes " [SEP] ".
std::string ShownText(std::string_view text, const ShownTextOptions& options = {});

/// Returns ShownText as HTML, safe between tags and in quoted attributes.
std::string HtmlText(std::string_view text, const ShownTextOptions& options = {});

/// Returns a text of several segments as HTML: each in a <span class="segment">, divided by <span class="sep">.
std::string HtmlMessage(std::string_view text, size_t most = 600);

/// Returns ShownText as Markdown (CommonMark, GitHub's tables), on one line that has no markup.
std::string MarkdownText(std::string_view text, const ShownTextOptions& options = {});

}  // namespace winnow
