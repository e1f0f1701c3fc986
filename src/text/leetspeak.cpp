#include "text/leetspeak.h"

#include <algorithm>

#include "base/ascii.h"

namespace winnow {
namespace {

constexpr size_t kLongestWord = 24;  // longer ones are codes

bool IsOneOf(char32_t c, std::u32string_view set) { return c != 0 && set.find(c) != std::u32string_view::npos; }
bool IsVowel(char32_t c) { return IsOneOf(LowerAscii(c), U"aeiouy"); }
/// Or what is likely to stand for one.
bool IsVowelLike(char32_t c) { return IsVowel(c) || IsOneOf(c, U"0134@"); }

/// A word, and what its signs have as neighbours.
struct Word {
  std::u32string_view text;

  char32_t At(size_t i) const { return i < text.size() ? text[i] : U'\0'; }
  char32_t Before(size_t i) const { return i == 0 ? U'\0' : text[i - 1]; }
  bool IsLetter(size_t i) const { return i < text.size() && !IsLeetSign(text[i]); }
};

/// 'l' or 'i' for a 1: claim, please, love; win, prize, viagra, paid.
char32_t One(char32_t before, char32_t after) {
  before = LowerAscii(before);
  after = LowerAscii(after);
  if (IsVowelLike(after)) return before == 0 || IsVowelLike(before) || IsOneOf(before, U"bcfgkps") ? U'l' : U'i';
  if (IsOneOf(before, U"a4@") && after != 'l') return 'i';
  return IsVowelLike(before) ? U'l' : U'i';
}

/// c@sh, not me@work.
bool BeginsInConsonants(const Word& word, size_t end) {
  for (size_t i = 0; i < end; ++i) {
    if (!word.IsLetter(i) || IsVowel(word.text[i])) return false;
  }
  return end <= 3;
}

/// Returns the letter that the sign at `i` stands for, in lower case, or 0.
char32_t Reading(const Word& word, size_t i) {
  const char32_t before = word.Before(i);
  const char32_t after = word.At(i + 1);
  switch (word.text[i]) {
    case '0':
      return 'o';
    case '1':
      return One(before, after);
    case '2':  // prize
      return IsVowelLike(before) && IsOneOf(LowerAscii(after), U"eiay31") ? U'z' : U'\0';
    case '3':
      return 'e';
    case '4':  // "for" in just4u
      return IsVowel(after) ? U'\0' : U'a';
    case '5':  // iphone5s
      return LowerAscii(after) == 's' && i + 2 == word.text.size() ? U'\0' : U's';
    case '7':
      return 't';
    case '8':  // "ate" in l8r, sk8er, m8s: only about, number
      if (LowerAscii(before) == 'm') return IsVowel(after) ? U'b' : U'\0';
      return IsVowelLike(before) && word.IsLetter(i + 1) ? U'b' : U'\0';
    case '9':
      return before != 0 && after != 0 && (IsVowelLike(before) || IsVowelLike(after)) ? U'g' : U'\0';
    case '@':
      return before != 0 && after != 0 && BeginsInConsonants(word, i) ? U'a' : U'\0';
    case '$':
      return IsAsciiDigit(after) ? U'\0' : U's';
    case '!':
      return 'i';
    case '|':
      return IsVowelLike(after) ? U'l' : U'i';
    case '+':
      return 't';
    default:
      return 0;
  }
}

struct Signs {
  size_t letters = 0, signs = 0;
  size_t vowels = 0;            ///< of the letters
  bool capitals = true;         ///< no letter is a small one
  bool small = true;            ///< none but the first is a capital
  size_t longest = 0;           ///< run of signs
  size_t longest_interior = 0;  ///< with a letter on both sides
};

Signs Count(const Word& word) {
  Signs counts;
  for (size_t i = 0; i < word.text.size();) {
    if (word.IsLetter(i)) {
      ++counts.letters;
      counts.vowels += IsVowel(word.text[i]) ? 1 : 0;
      counts.capitals = counts.capitals && IsAsciiUpper(word.text[i]);
      counts.small = counts.small && (i == 0 || !IsAsciiUpper(word.text[i]));
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < word.text.size() && !word.IsLetter(i)) ++i;
    counts.signs += i - begin;
    counts.longest = std::max(counts.longest, i - begin);
    if (begin > 0 && i < word.text.size()) counts.longest_interior = std::max(counts.longest_interior, i - begin);
  }
  return counts;
}

size_t CountVowels(std::u32string_view text) { return static_cast<size_t>(std::ranges::count_if(text, IsVowel)); }

/// A number between two words, or in one: club4mobiles, only1more, the4th, max10mins.
bool HoldsANumber(const Word& word) {
  const std::u32string_view text = word.text;
  const size_t begin = text.find_first_of(U"0123456789");
  if (begin == text.npos) return false;
  size_t end = begin;
  while (end < text.size() && IsAsciiDigit(text[end])) ++end;
  const std::u32string_view number = text.substr(begin, end - begin);
  const std::u32string_view after = text.substr(end);
  if (begin == 0) return false;
  if (number == U"10") return true;
  if (after.size() == 2) {
    const char32_t a = LowerAscii(after[0]);
    const char32_t b = LowerAscii(after[1]);
    const char32_t last = number.back();
    if (last == '1' ? a == 's' && b == 't' : last == '3' ? a == 'r' && b == 'd' : last != '0' && a == 't' && b == 'h') {
      return true;
    }
  }
  const auto is_word = [](std::u32string_view part) {
    return part.size() >= 4 && CountVowels(part) > 0 && part.find_first_of(U"0123456789") == part.npos;
  };
  return IsOneOf(number.front(), U"145") && is_word(text.substr(0, begin)) && is_word(after);
}

/// Signs at an end that are read though none stands between letters.
bool IsKnownEnd(const Word& word, const Signs& counts) {
  const size_t size = word.text.size();
  const bool alone = counts.signs == 1 && counts.letters >= 3;
  if (alone && (word.text[0] == '0' || word.text[0] == '$')) return true;
  if (alone && word.text[size - 1] == '$') return !counts.capitals;
  const std::u32string_view end = word.text.substr(size - std::min<size_t>(size, 2));
  return counts.signs == 2 && word.IsLetter(size - 3) && (end == U"33" || end == U"00" || end == U"$$");
}

}  // namespace

bool IsLeetSign(char32_t c) { return IsAsciiDigit(c) || IsOneOf(c, U"@$!|+"); }

std::u32string ReadLeetspeak(std::u32string_view text) {
  if (text.size() < 3 || text.size() > kLongestWord) return {};
  const Word word{text};
  const Signs counts = Count(word);
  if (counts.signs == 0 || counts.letters < 2 || counts.signs > counts.letters || counts.longest > 2) return {};
  if (counts.capitals) {
    // SW73HP, H1N1, WC1N, D3WV are no words; C4SH would be one, but is not told from them. PR1ZE, CA$H, FR33 are.
    if (counts.letters <= counts.signs) return {};
    if (counts.longest_interior > 1 && counts.letters <= 2 * counts.signs) return {};
    if (counts.longest_interior > 0 && (counts.vowels == 0 || counts.letters < 3)) return {};
  } else if (!counts.small) {
    return {};  // SK38xh, LdnW15H
  }
  if (HoldsANumber(word)) return {};
  if (counts.longest_interior == 0 && !IsKnownEnd(word, counts)) return {};
  std::u32string read(text);
  for (size_t i = 0; i < text.size(); ++i) {
    if (word.IsLetter(i)) continue;
    const char32_t letter = Reading(word, i);
    if (letter == 0) return {};
    read[i] = counts.capitals ? letter - 32 : letter;
  }
  return read;
}

}  // namespace winnow
