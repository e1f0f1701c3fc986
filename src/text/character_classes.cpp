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

}  // namespace winnow
