#include "text/character_classes.h"

#include <unicode/uchar.h>

#include <array>

namespace winnow {
namespace {

CharacterClass Ask(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  if (u_isUWhiteSpace(code) != 0) return CharacterClass::kSpace;
  const uint32_t category = U_GET_GC_MASK(code);
  if ((category & U_GC_L_MASK) != 0) return CharacterClass::kLetter;
  return (category & U_GC_N_MASK) != 0 ? CharacterClass::kNumber : CharacterClass::kOther;
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
bool HasSince(char32_t c, uint8_t version) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] <= version;
}

bool IsPunctuation(char32_t c) {
  if (c < 128) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  if (c == 0x166D || c == 0x111C9) return true;
  return u_ispunct(static_cast<UChar32>(c)) != 0 && HasSince(c, 8);
}

bool IsNonSpacingMark(char32_t c) {
  if (c == 0x1734) return true;
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9) return false;
  return u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK && HasSince(c, 8);
}

bool IsCombiningMark(char32_t c) {
  if (c == 0x1CF2 || c == 0x1CF3) return true;
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0 && c != 0x111C9 && HasSince(c, 9);
}

bool IsWordCharacter(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  if (c < 128) return u_isalnum(code) != 0 || c == '_';
  constexpr uint32_t kOthers = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return u_isUAlphabetic(code) != 0 || (U_GET_GC_MASK(code) & kOthers) != 0 || c == 0x200C || c == 0x200D;
}

}  // namespace winnow
