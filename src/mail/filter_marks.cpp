#include "mail/filter_marks.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"
#include "base/lines.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr std::string_view kOriginal = "x-spam-type=original";
constexpr std::string_view kOpeningBrackets = "*[{(<#";
constexpr std::string_view kClosing = "*]})>#";

/// The position of `needle`, which is in lower case, in `text` in any case.
size_t FindAnyCase(std::string_view text, std::string_view needle) {
  const auto found =
      std::ranges::search(text, needle, [](char in_text, char wanted) { return LowerAscii(in_text) == wanted; });
  return found.empty() ? std::string_view::npos : static_cast<size_t>(found.begin() - text.begin());
}

/// The begin of the line that contains the byte `at`.
size_t LineBegin(std::string_view text, size_t at) {
  const size_t end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return end == std::string_view::npos ? 0 : end + 1;
}

/// The delimiter line above a field of a part's header; empty if there is none.
std::string_view DelimiterAbove(std::string_view raw, size_t field) {
  for (size_t begin = field; begin > 0;) {
    const size_t end = begin;
    begin = LineBegin(raw, end - 1);
    const std::string_view line = WithoutLineEnd(raw.substr(begin, end - begin));
    if (line.starts_with("--")) return line;
    if (line.empty()) break;
  }
  return {};
}

/// Letters of ASCII, and bytes of all other characters.
bool IsLetter(unsigned char byte) { return IsAsciiLetter(byte) || byte >= 0x80; }

/// Returns true for the words of a mark, such as "Possible spam mail 5.6"; `inside` is what is between its brackets.
bool IsMark(std::string_view inside) {
  constexpr std::array<std::string_view, 15> kWords = {"spam",     "junk",   "possible",  "possibly", "probable",
                                                       "probably", "likely", "suspected", "detected", "mail",
                                                       "email",    "score",  "message",   "warning",  "verdacht"};
  bool spam = false;
  for (size_t i = 0; i < inside.size();) {
    size_t end = i;
    while (end < inside.size() && IsLetter(static_cast<unsigned char>(inside[end]))) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const std::string word = LowerAscii(inside.substr(i, end - i));
    if (std::ranges::find(kWords, word) == kWords.end()) return false;
    spam = spam || word == "spam" || word == "junk";
    i = end;
  }
  return spam;
}

/// The subject behind one mark at its beginning; the subject itself if there is none.
std::string_view BehindMark(std::string_view subject) {
  constexpr size_t kLongest = 40;  // characters between the brackets of a mark
  if (subject.starts_with("SPAM:")) return subject.substr(5);
  const size_t open = std::min(subject.find_first_not_of(kOpeningBrackets), subject.size());
  if (open == 0) return subject;
  const size_t close = subject.find_first_of(kClosing, open);
  if (close == std::string_view::npos || close - open > kLongest) return subject;
  if (!IsMark(subject.substr(open, close - open))) return subject;
  return subject.substr(std::min(subject.find_first_not_of(kClosing, close), subject.size()));
}

}  // namespace

std::string_view OriginalInReport(std::string_view raw) {
  const size_t at = FindAnyCase(raw, kOriginal);
  if (at == std::string_view::npos) return raw;
  const size_t field = LineBegin(raw, at);
  if (LowerAscii(raw.substr(field, 13)) != "content-type:") return raw;
  const std::string_view delimiter = DelimiterAbove(raw, field);
  if (delimiter.empty()) return raw;
  std::string_view part = raw.substr(at);
  while (!part.empty()) {  // the rest of the part's header
    if (WithoutLineEnd(TakeLineWithEnd(part)).empty()) break;
  }
  const std::string last = "\n" + std::string(delimiter);
  part = part.substr(0, part.find(last));
  return IsBlank(part) ? raw : part;
}

std::string_view WithoutSpamMarks(std::string_view subject) {
  for (;;) {
    const std::string_view trimmed = TrimAscii(subject);
    const std::string_view behind = BehindMark(trimmed);
    if (behind.size() == trimmed.size()) return subject;
    subject = TrimAscii(behind);
  }
}

bool IsSpamField(std::string_view name, std::string_view value) {
  const std::string lower = LowerAscii(name);
  if (lower != "x-spam" && lower != "x-spam-flag" && lower != "x-spam-status") return false;
  return LowerAscii(TrimAscii(value)).starts_with("yes");
}

}  // namespace winnow
