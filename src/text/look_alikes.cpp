#include "text/look_alikes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "text/unicode_data.h"

namespace winnow {
namespace {

struct Row {
  char letter;
  std::u32string_view others;
};

// In the order of scripts: Cyrillic, Greek, Armenian, Cherokee, Lisu, Latin.
constexpr std::array kRows = {
    Row{'A', U"\u0410\u0391\u13AA\uA4EE"},
    Row{'B', U"\u0412\u0392\u13F4\uA4D0"},
    Row{'C', U"\u0421\u03F9\u13DF\uA4DA"},
    Row{'D', U"\u13A0\uA4D3"},
    Row{'E', U"\u0415\u0395\u13AC\uA4F0"},
    Row{'F', U"\u03DC\uA4DD"},
    Row{'G', U"\u050C\u13C0\u13F3\uA4D6"},
    Row{'H', U"\u041D\u0397\u13BB\uA4E7"},
    Row{'I', U"\u0406\u04C0\u0399"},
    Row{'J', U"\u0408\u037F\u13AB\uA4D9"},
    Row{'K', U"\u041A\u039A\u13E6\uA4D7"},
    Row{'L', U"\u13DE\uA4E1"},
    Row{'M', U"\u041C\u039C\u03FA\u13B7\uA4DF"},
    Row{'N', U"\u039D\uA4E0"},
    Row{'O', U"\u041E\u039F\u0555\uA4F3"},
    Row{'P', U"\u0420\u03A1\u13E2\uA4D1"},
    Row{'Q', U"\u051A"},
    Row{'R', U"\u13A1\u13D2\uA4E3"},
    Row{'S', U"\u0405\u054F\u13D5\u13DA\uA4E2"},
    Row{'T', U"\u0422\u03A4\u13A2\uA4D4"},
    Row{'U', U"\u054D\uA4F4"},
    Row{'V', U"\u0474\u13D9\uA4E6"},
    Row{'W', U"\u051C\u13B3\u13D4\uA4EA"},
    Row{'X', U"\u0425\u03A7\uA4EB"},
    Row{'Y', U"\u04AE\u03A5\u13A9\u13BD\uA4EC"},
    Row{'Z', U"\u0396\u13C3\uA4DC"},
    Row{'a', U"\u0430\u03B1\u0251\u1D00"},
    Row{'b', U"\u0299"},
    Row{'c', U"\u0441\u03F2\u1D04"},
    Row{'d', U"\u0501\u1D05"},
    Row{'e', U"\u0435\u04BD\u1D07"},
    Row{'f', U"\u0584\uA730"},
    Row{'g', U"\u0581\u0261\u0262"},
    Row{'h', U"\u04BB\u0570\u029C"},
    Row{'i', U"\u0456\u04CF\u03B9\u026A"},
    Row{'j', U"\u0458\u03F3\u1D0A"},
    Row{'k', U"\u1D0B"},
    Row{'l', U"\u029F"},
    Row{'m', U"\u1D0D"},
    Row{'n', U"\u0578\u057C\u0274"},
    Row{'o', U"\u043E\u03BF\u03C3\u0585\u1D0F"},
    Row{'p', U"\u0440\u03C1\u1D18"},
    Row{'q', U"\u051B\u0563\u0566"},
    Row{'r', U"\u0433\u0280"},
    Row{'s', U"\u0455\uA731"},
    Row{'t', U"\u1D1B"},
    Row{'u', U"\u03C5\u057D\u1D1C"},
    Row{'v', U"\u0475\u03BD\u1D20"},
    Row{'w', U"\u051D\u0461\u0561\u1D21"},
    Row{'x', U"\u0445"},
    Row{'y', U"\u0443\u04AF\u03B3\u028F"},
    Row{'z', U"\u1D22"},
};

/// Returns pairs of a look-alike and the letter it looks like, sorted by the look-alike.
std::vector<std::pair<char32_t, char>> SortedPairs() {
  std::vector<std::pair<char32_t, char>> pairs;
  for (const Row& row : kRows) {
    for (const char32_t other : row.others) pairs.emplace_back(other, row.letter);
  }
  std::ranges::sort(pairs);
  return pairs;
}

bool IsWithin(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

}  // namespace

char LookAlike(char32_t c) {
  static const std::vector<std::pair<char32_t, char>> pairs = SortedPairs();
  if (c < 0x250) return 0;
  const auto found = std::ranges::lower_bound(pairs, c, {}, &std::pair<char32_t, char>::first);
  return found != pairs.end() && found->first == c ? found->second : char{0};
}

char32_t CyrillicLookAlike(char32_t c) {
  constexpr std::u32string_view kLatin = U"aceiopxyABCEHIKMOPTX";
  constexpr std::u32string_view kCyrillic =
      U"\u0430\u0441\u0435\u0456\u043E\u0440\u0445\u0443"
      U"\u0410\u0412\u0421\u0415\u041D\u0406\u041A\u041C\u041E\u0420\u0422\u0425";
  static_assert(kLatin.size() == kCyrillic.size());
  const size_t at = kLatin.find(c);
  return at == std::u32string_view::npos ? U'\0' : kCyrillic[at];
}

bool IsOfLookAlikeScript(char32_t c) {
  const bool block = IsWithin(c, 0x370, 0x52F) || IsWithin(c, 0x531, 0x587) || IsWithin(c, 0x13A0, 0x13FD) ||
                     IsWithin(c, 0x1C80, 0x1C88) || IsWithin(c, 0x1F00, 0x1FFE) || IsWithin(c, 0xA4D0, 0xA4F7) ||
                     IsWithin(c, 0xA640, 0xA69D) || IsWithin(c, 0xAB70, 0xABBF);
  return block && unicode::PropertiesOf(c).IsLetter();
}

}  // namespace winnow
