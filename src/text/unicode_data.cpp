#include "text/unicode_data.h"

#include <algorithm>
#include <iterator>

#include "text/hangul.h"

namespace winnow::unicode {
namespace {

/// A property of all code points, in three stages of 12, 5 and 4 bits: blocks that are equal are kept once.
template <class T>
struct CodePointMap {
  const uint8_t* top;      ///< by the upper bits: a block of `middle`
  const uint16_t* middle;  ///< blocks of 32: a block of `leaves`
  const T* leaves;         ///< blocks of 16 values

  T At(char32_t c) const {
    if (c > 0x10FFFF) c = 0x10FFFF;
    const size_t block = middle[static_cast<size_t>(top[c >> 9]) << 5 | (c >> 4 & 31)];
    return leaves[block << 4 | (c & 15)];
  }
};

struct Composition {
  char32_t first, second, composite;
};

#include "text/unicode_data.inc"

// Entries of kCompatibilityMap and kFoldingMap that are no places in kSequences.
constexpr uint16_t kItself = 0;  // none of its own: canonical decomposition, compatibility decomposition
constexpr uint16_t kFolded = 1;  // canonical decomposition of the simple folding

/// Appends the sequence at `place` of kSequences: its length in UTF-16 units, then the units.
void AppendSequence(size_t place, std::u32string& out) {
  const size_t end = place + 1 + kSequences[place];
  for (size_t i = place + 1; i < end; ++i) {
    char32_t c = kSequences[i];
    if (c >= 0xD800 && c <= 0xDBFF) c = 0x10000 + ((c - 0xD800) << 10 | (char32_t{kSequences[++i]} - 0xDC00));
    out += c;
  }
}

}  // namespace

Properties PropertiesOf(char32_t c) { return Properties(kGeneralKinds[kGeneralMap.At(c)]); }

uint8_t AgeOf(char32_t c) { return kAgeMap.At(c); }

uint8_t ScriptIndexOf(char32_t c) { return kScriptMap.At(c); }
size_t ScriptCount() { return std::size(kScriptNames); }
std::string_view ScriptName(uint8_t index) { return kScriptNames[index]; }

char32_t SimpleLower(char32_t c) { return c + static_cast<char32_t>(kCaseKinds[kCaseMap.At(c)][0]); }
char32_t SimpleFolding(char32_t c) { return c + static_cast<char32_t>(kCaseKinds[kCaseMap.At(c)][1]); }

const Normalization& NormalizationOf(char32_t c) { return kNormalizationKinds[kNormalizationMap.At(c)]; }

void AppendCanonical(char32_t c, std::u32string& out) {
  if (hangul::IsSyllable(c)) return hangul::AppendDecomposition(c, out);
  if (const uint16_t place = kCanonicalMap.At(c); place != kItself) return AppendSequence(place, out);
  out += c;
}

void AppendCompatibility(char32_t c, std::u32string& out) {
  if (const uint16_t place = kCompatibilityMap.At(c); place != kItself) return AppendSequence(place, out);
  AppendCanonical(c, out);
}

void AppendFolding(char32_t c, std::u32string& out) {
  switch (const uint16_t place = kFoldingMap.At(c)) {
    case kItself:
      return AppendCompatibility(c, out);
    case kFolded:
      return AppendCanonical(SimpleFolding(c), out);
    default:
      return AppendSequence(place, out);
  }
}

char32_t Compose(char32_t first, char32_t second) {
  if (const char32_t syllable = hangul::Compose(first, second); syllable != 0) return syllable;
  const auto before = [](const Composition& pair, const std::pair<char32_t, char32_t>& wanted) {
    return std::pair(pair.first, pair.second) < wanted;
  };
  const auto found =
      std::lower_bound(std::begin(kCompositions), std::end(kCompositions), std::pair(first, second), before);
  const bool is = found != std::end(kCompositions) && found->first == first && found->second == second;
  return is ? found->composite : 0;
}

const Boundaries& BoundariesOf(char32_t c) { return kBoundaryKinds[kBoundaryMap.At(c)]; }

}  // namespace winnow::unicode
