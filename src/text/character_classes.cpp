#include "text/character_classes.h"

#include <array>

#include "base/ascii.h"
#include "text/unicode_data.h"

namespace winnow {
namespace {

using unicode::Category;
using unicode::Properties;

CharacterClass Ask(char32_t c) {
  const Properties properties = unicode::PropertiesOf(c);
  if (properties.Has(Properties::kWhiteSpace)) return CharacterClass::kSpace;
  if (properties.IsLetter()) return CharacterClass::kLetter;
  return properties.IsNumber() ? CharacterClass::kNumber : CharacterClass::kOther;
}

}  // namespace

CharacterClass ClassOf(char32_t c) {
  static const std::array<CharacterClass, 128> ascii = [] {
    std::array<CharacterClass, 128> classes{};
    for (char32_t i = 0; i < 128; ++i) classes[i] = Ask(i);
    return classes;
  }();
  return c < 128 ? ascii[c] : Ask(c);
}

/// Whether Unicode has the character since that version, or longer.
bool HasSince(char32_t c, uint8_t version) { return unicode::AgeOf(c) <= version; }

bool IsPunctuation(char32_t c) {
  if (c < 128) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  if (c == 0x166D || c == 0x111C9) return true;
  return unicode::PropertiesOf(c).IsPunctuation() && HasSince(c, 8);
}

bool IsNonSpacingMark(char32_t c) {
  if (c == 0x1734) return true;
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9) return false;
  return unicode::PropertiesOf(c).category() == Category::kMn && HasSince(c, 8);
}

bool IsCombiningMark(char32_t c) {
  if (c == 0x1CF2 || c == 0x1CF3) return true;
  return unicode::PropertiesOf(c).IsMark() && c != 0x111C9 && HasSince(c, 9);
}

bool IsWordCharacter(char32_t c) {
  if (c < 128) return IsAsciiAlphanumeric(c) || c == '_';
  const Properties properties = unicode::PropertiesOf(c);
  const Category category = properties.category();
  return properties.Has(Properties::kAlphabetic) || properties.IsMark() || category == Category::kNd ||
         category == Category::kPc || c == 0x200C || c == 0x200D;
}

}  // namespace winnow
