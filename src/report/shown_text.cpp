#include "report/shown_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
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

/// Returns true if a letter, a digit or a byte of a character beyond ASCII is at a position.
bool IsWordAt(std::string_view text, size_t at) {
  if (at >= text.size()) return false;
  const auto c = static_cast<unsigned char>(text[at]);
  return c >= 0x80 || IsAsciiAlphanumeric(c);
}

/// Returns true if the "&" at a position begins an entity such as "&amp;" or "&#38;".
bool IsEntity(std::string_view text, size_t at) {
  size_t end = at + 1;
  if (end < text.size() && text[end] == '#') ++end;
  while (IsWordAt(text, end)) ++end;
  return end > at + 1 && end < text.size() && text[end] == ';';
}

/// Returns true if the character at a position turns the line into a heading, quote, list or rule.
bool BeginsBlock(std::string_view text, size_t at) {
  const size_t begin = text.find_first_not_of(' ');
  if (at == begin) return std::string_view("#>+-=").contains(text[at]);
  if (text[at] != '.' && text[at] != ')') return false;
  const size_t digits_end = text.find_first_not_of("0123456789", begin);
  return at == digits_end && (at + 1 == text.size() || text[at + 1] == ' ');
}

/// Returns true if the character at a position is the ":" of "https://" or "mailto:", or the "." of "www.".
bool BeginsLink(std::string_view text, size_t at) {
  if (text[at] == ':') {
    const std::string before = LowerAscii(text.substr(0, at));
    return text.substr(at + 1).starts_with("//") || before.ends_with("mailto") || before.ends_with("xmpp");
  }
  return text[at] == '.' && at >= 3 && LowerAscii(text.substr(at - 3, 3)) == "www";
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
  std::string shown = ShownText(text, options);
  for (char& c : shown) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  std::string markdown;
  for (size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    if (c == '<') {
      markdown += "&lt;";
    } else if (c == '&' && IsEntity(shown, i)) {
      markdown += "&amp;";
    } else if (c == '|') {
      markdown += "&#124;";  // GitHub's tables take \| for a cell's end within code
    } else {
      if (std::string_view("\\`*[]~@$").contains(c) || BeginsBlock(shown, i) || BeginsLink(shown, i) ||
          (c == '_' && !(IsWordAt(shown, i - 1) && IsWordAt(shown, i + 1)))) {
        markdown += '\\';
      }
      markdown += c;
    }
  }
  return markdown;
}

}  // namespace winnow
