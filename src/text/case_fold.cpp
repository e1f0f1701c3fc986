#include "text/case_fold.h"

#include <algorithm>

#include "base/ascii.h"
#include "text/canonical_order.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {

std::string FoldCase(std::string_view text) {
  // Most texts are ASCII, where the whole standard comes down to this.
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return LowerAscii(text);
  }
  std::u32string characters;
  characters.reserve(text.size());
  for (size_t i = 0; i < text.size();) unicode::AppendFolding(NextCodePoint(text, i), characters);
  OrderMarks(characters);
  ComposeCharacters(characters);
  std::string folded;
  folded.reserve(text.size());
  for (const char32_t c : characters) AppendUtf8(c, folded);
  return folded;
}

}  // namespace winnow
