#include "report/shown_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/html.h"
#include "text/segments.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Whether a character is unseen, or moves what stands beside it. Not the joiners that Persian, Indic scripts and emoji
/// are written with (U+200C, U+200D), nor variation selectors.
bool IsHidden(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200B || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE ||
         (c >= 0xE0000 && c <= 0xE007F);
}

size_t CodePoints(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) NextCodePoint(text, i);
  return count;
}

}  // namespace

std::string ShownText(std::string_view text, const ShownTextOptions& options) {
  std::string shown;
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    if (count == options.most) {
      const size_t more = CodePoints(text.substr(i));
      return shown + fmt::format("… [{} more character{}]", more, more == 1 ? "" : "s");
    }
    const char32_t c = NextCodePoint(text, i);
    if (c == static_cast<unsigned char>(kSegmentSeparator)) {
      shown += " [SEP] ";
    } else if (options.keep_lines && (c == '\n' || c == '\t')) {
      shown += static_cast<char>(c);
    } else if (IsHidden(c)) {
      shown += fmt::format("[U+{:04X}]", static_cast<uint32_t>(c));
    } else {
      AppendUtf8(c, shown);
    }
  }
  return shown;
}

std::string HtmlText(std::string_view text, const ShownTextOptions& options) {
  return EscapedHtml(ShownText(text, options));
}

std::string HtmlMessage(std::string_view text, size_t most) {
  std::string html;
  while (true) {
    const size_t end = text.find(kSegmentSeparator);
    const std::string_view segment = text.substr(0, end);
    html += "<span class=\"segment\">" + HtmlText(segment, {.most = most, .keep_lines = true}) + "</span>";
    if (end == std::string_view::npos) return html;
    most -= std::min(most, CodePoints(segment));
    html += " <span class=\"sep\">SEP</span> ";
    text.remove_prefix(end + 1);
    if (most == 0) return html + HtmlText(text, {.most = 0});
  }
}

std::string MarkdownText(std::string_view text, const ShownTextOptions& options) {
  std::string markdown;
  for (const char c : ShownText(text, options)) {
    if (c == '\n' || c == '\t') {
      markdown += ' ';
    } else if (c == '<') {
      markdown += "&lt;";
    } else if (c == '&') {
      markdown += "&amp;";
    } else if (c == '|') {
      markdown += "&#124;";  // GitHub's tables take \| for a cell's end within code
    } else if (std::string_view("\\`*_{}[]()#+-.!>~:@\"'$^=").contains(c)) {
      // A dot or colon could make a list item or a link ("www.", "https:") of what stands around it.
      (markdown += '\\') += c;
    } else {
      markdown += c;
    }
  }
  return markdown;
}

}  // namespace winnow
