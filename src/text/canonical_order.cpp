#include "text/canonical_order.h"

#include <algorithm>

#include "text/unicode_data.h"

namespace winnow {
namespace {

constexpr char32_t kFirstMark = 0x300;

uint8_t CombiningClass(char32_t c) { return c < kFirstMark ? uint8_t{0} : unicode::NormalizationOf(c).combining_class; }

/// Whether some composite has the character as its second one.
bool IsSecond(char32_t c) {
  return c >= kFirstMark && (unicode::NormalizationOf(c).flags & unicode::Normalization::kMaybe) != 0;
}

}  // namespace

void OrderMarks(std::u32string& text) {
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    bool ordered = true;
    uint8_t last = 0;
    for (; i < text.size(); ++i) {
      const uint8_t current = CombiningClass(text[i]);
      if (current == 0) break;
      ordered = ordered && last <= current;
      last = current;
    }
    if (!ordered) {
      std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(i),
                       [](char32_t a, char32_t b) { return CombiningClass(a) < CombiningClass(b); });
    }
    if (i == begin) ++i;
  }
}

void ComposeCharacters(std::u32string& text) {
  constexpr size_t kNone = std::u32string::npos;
  size_t starter = kNone;
  size_t size = 0;   // of the result, which is written over the text
  uint8_t last = 0;  // the class of its last character
  for (const char32_t c : text) {
    const uint8_t current = CombiningClass(c);
    const bool blocked = starter == kNone || (starter + 1 != size && last >= current);
    if (!blocked && IsSecond(c)) {
      if (const char32_t composite = unicode::Compose(text[starter], c); composite != 0) {
        text[starter] = composite;
        continue;
      }
    }
    if (current == 0) starter = size;
    last = current;
    text[size++] = c;
  }
  text.resize(size);
}

}  // namespace winnow
