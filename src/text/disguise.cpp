#include "text/disguise.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/ascii.h"
#include "text/leetspeak.h"
#include "text/look_alikes.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

// Why folding twice is folding once: each stage leaves nothing for itself to do, and what a later one does gives an
// earlier one nothing new. Letters stay letters, so no single letter appears after joining; homoglyph folding makes no
// text Latin that was not, since words with Latin letters count as such before; a word is read as leetspeak as a whole
// or not at all; and the shortening of long letters runs again after each stage that makes letters alike, before one
// that counts them.

namespace winnow {
namespace {

using unicode::DecompositionType;

struct Character {
  char32_t code = 0;
  size_t end = 0;  ///< of its part of the original; it begins where the one before ends
};
using Characters = std::vector<Character>;

bool IsWithin(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool IsMark(char32_t c) { return c >= 0x300 && unicode::PropertiesOf(c).IsMark(); }

bool IsLatin(char32_t c) {
  if (c < 0x80) return IsAsciiLetter(c);
  return (IsWithin(c, 0xC0, 0x2AF) && c != 0xD7 && c != 0xF7) || IsWithin(c, 0x1D00, 0x1DBF) ||
         IsWithin(c, 0x1E00, 0x1EFF) || IsWithin(c, 0xA722, 0xA7FF);
}

/// Letters of phonetic writing: words of it are no disguise.
bool IsPhonetic(char32_t c) { return IsWithin(c, 0x250, 0x2AF) || IsWithin(c, 0x1D00, 0x1DBF); }

/// A letter of the scripts that disguises are made of.
bool IsLetter(char32_t c) { return IsLatin(c) || (c >= 0x370 && IsOfLookAlikeScript(c)); }

/// Part of some word, of any script.
bool IsLetterOrDigit(char32_t c) {
  if (c < 0x80) return IsAsciiAlphanumeric(c);
  const unicode::Properties properties = unicode::PropertiesOf(c);
  return properties.IsLetter() || properties.category() == unicode::Category::kNd || IsMark(c);
}

bool IsSpace(char32_t c) {
  return c == ' ' || c == 0xA0 || IsWithin(c, 0x2000, 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

// --- Characters one by one

/// The ASCII letter or digit of which `c` is another form, or `c`.
char32_t PlainForm(char32_t c) {
  if (c < 0x2B0) return c;
  if (IsWithin(c, 0x1F150, 0x1F169)) return 'A' + (c - 0x1F150);  // white in black circles, and in squares:
  if (IsWithin(c, 0x1F170, 0x1F189)) return 'A' + (c - 0x1F170);  // they have no decomposition
  bool digits = true;
  switch (static_cast<DecompositionType>(unicode::NormalizationOf(c).decomposition)) {
    case DecompositionType::kFont:
    case DecompositionType::kWide:
    case DecompositionType::kCircle:
    case DecompositionType::kSquare:
      break;
    case DecompositionType::kSuper:
    case DecompositionType::kSub:
    case DecompositionType::kCompat:
      digits = false;  // powers, footnotes, list items
      break;
    default:
      return c;
  }
  std::u32string parts;
  unicode::AppendCompatibility(c, parts);
  const bool in_parentheses = parts.size() == 3 && parts[0] == '(' && parts[2] == ')';
  if (parts.size() != 1 && !in_parentheses) return c;
  const char32_t plain = parts[in_parentheses ? 1 : 0];
  return IsAsciiLetter(plain) || (IsAsciiDigit(plain) && digits) ? plain : c;
}

/// Characters after which nothing invisible has a meaning: no emoji, and no script that joins its letters.
bool JoinsNothing(char32_t c) {
  return c < 0x600 || IsWithin(c, 0x13A0, 0x13FF) || IsWithin(c, 0x1D00, 0x1DBF) || IsWithin(c, 0x1E00, 0x2027) ||
         IsWithin(c, 0x20A0, 0x20CF) || IsOfLookAlikeScript(c) || IsLatin(c);
}

bool IsInvisible(char32_t c) {
  return c == 0xAD || (c >= 0x300 && unicode::PropertiesOf(c).Has(unicode::Properties::kDefaultIgnorable));
}

/// Lines through a letter, and rings and keys around it.
bool IsStroke(char32_t c) { return IsWithin(c, 0x334, 0x338) || IsWithin(c, 0x20D2, 0x20E5) || c == 0x489; }

Characters Decoded(std::string_view text) {
  constexpr int kMarks = 2;
  Characters characters;
  characters.reserve(text.size());
  char32_t base = ' ';
  int marks = 0;
  for (size_t i = 0; i < text.size();) {
    const char32_t original = NextCodePoint(text, i);
    if (original < 0x80) {
      base = original;
      marks = 0;
      characters.push_back({original, i});
      continue;
    }
    if (JoinsNothing(base)) {
      if (IsInvisible(original)) continue;
      if (IsMark(original) && IsLetter(base) && (IsStroke(original) || ++marks > kMarks)) continue;
    }
    const char32_t c = PlainForm(original);
    if (!IsMark(c)) {
      base = c;
      marks = 0;
    }
    characters.push_back({c, i});
  }
  return characters;
}

// --- Spaced letters

bool IsDivider(char32_t c) {
  constexpr std::u32string_view kDividers = U".-_*|~\u00B7\u2022";
  return IsSpace(c) || kDividers.find(c) != std::u32string_view::npos;
}

/// As it looks, in small letters where it looks like one of ASCII.
char32_t Look(char32_t c) {
  if (IsAsciiLetter(c)) return c | 0x20;
  const char look = LookAlike(c);
  return look == 0 ? c : static_cast<char32_t>(look | 0x20);
}

/// Not one of those that stand alone: a, I, slang such as "r u", initials such as "c/o", enumerations a to d.
bool SpeaksForAWord(char32_t c) {
  constexpr std::u32string_view kRarelyAlone = U"efghjlpqvw";
  return kRarelyAlone.find(Look(c)) != std::u32string_view::npos;
}

/// The end of the run of spaced letters that begins at `begin`, one past its last letter, or `begin`.
size_t SpacedEnd(const Characters& text, size_t begin) {
  const auto code = [&](size_t i) { return i < text.size() ? text[i].code : U'\0'; };
  // Something other than a space that ties the place to a word beyond it.
  const auto tied = [&](char32_t divider, char32_t beyond) {
    return !IsSpace(divider) && divider != 0 && IsLetterOrDigit(beyond);
  };
  if (begin > 0) {
    const char32_t before = code(begin - 1);
    if (IsLetterOrDigit(before) || (begin > 1 && tied(before, code(begin - 2)))) return begin;
  }
  const char32_t divider = code(begin + 1);
  if (!IsDivider(divider)) return begin;
  size_t last = begin;
  size_t letters = 1;
  bool speaks = SpeaksForAWord(code(begin));
  bool all_alike = true;  // x x x x
  while (code(last + 1) == divider && IsLetter(code(last + 2)) && !IsLetterOrDigit(code(last + 3)) &&
         (code(last + 3) == divider || !tied(code(last + 3), code(last + 4)))) {
    last += 2;
    ++letters;
    speaks = speaks || SpeaksForAWord(code(last));
    all_alike = all_alike && Look(code(last)) == Look(code(begin));
  }
  if (tied(code(last + 1), code(last + 2))) return begin;
  const bool enough = letters >= (IsSpace(divider) && !speaks ? 4 : 3);
  return enough && !all_alike ? last + 1 : begin;
}

void JoinSpaced(Characters& text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t end = IsLetter(text[i].code) ? SpacedEnd(text, i) : i;
    if (end == i) {
      text[out++] = text[i++];
      continue;
    }
    for (; i < end; i += 2) text[out++] = text[i];
    i = end;
  }
  text.resize(out);
}

// --- Long letters

void ShortenLong(Characters& text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    while (end < text.size() && text[end].code == text[i].code) ++end;
    const bool is_x_run = (text[i].code | 0x20) == 'x';  // or digits made unreadable: 07XXXXXXX
    const size_t kept = end - i >= 4 && IsLetter(text[i].code) && !is_x_run ? 2 : end - i;
    for (size_t k = 0; k < kept; ++k) text[out + k] = text[i + k];
    out += kept;
    text[out - 1].end = text[end - 1].end;
    i = end;
  }
  text.resize(out);
}

// --- Homoglyphs

/// A run of letters, digits and marks, of the scripts in question.
struct MixedWord {
  size_t begin = 0, end = 0;
  size_t latin = 0;      ///< letters; small capitals, which are alike too, among them
  size_t alike = 0;      ///< letters of others that look like Latin
  size_t foreign = 0;    ///< letters of others that don't
  bool cyrillic = true;  ///< those of others are all Cyrillic

  bool whole() const { return latin == 0 && foreign == 0 && alike >= (cyrillic ? 1 : 2); }
};

MixedWord NextWord(const Characters& text, size_t begin) {
  MixedWord word{.begin = begin, .end = begin};
  for (; word.end < text.size(); ++word.end) {
    const char32_t c = text[word.end].code;
    if (IsAsciiDigit(c) || IsMark(c) || IsWithin(c, 0x2B0, 0x2FF)) continue;
    const bool latin = IsLatin(c);
    if (LookAlike(c) != 0) {
      ++word.alike;
      word.latin += latin ? 1 : 0;
      word.cyrillic = word.cyrillic && IsWithin(c, 0x400, 0x52F);
    } else if (latin && !IsPhonetic(c)) {
      ++word.latin;
    } else if (IsLetter(c)) {
      ++word.foreign;
      word.cyrillic = word.cyrillic && IsWithin(c, 0x400, 0x52F);
    } else {
      break;
    }
  }
  return word;
}

/// f(word) for each that has letters.
template <class Function>
void ForWords(const Characters& text, const Function& f) {
  for (size_t i = 0; i < text.size();) {
    const MixedWord word = NextWord(text, i);
    if (word.latin + word.alike + word.foreign > 0) f(word);
    i = std::max(word.end, i + 1);
  }
}

void FoldHomoglyphs(Characters& text) {
  if (std::ranges::none_of(text, [](const Character& c) { return c.code >= 0x250; })) return;
  size_t latin = 0;
  size_t foreign = 0;
  ForWords(text, [&](const MixedWord& word) {
    latin += word.foreign == 0 ? word.latin : 0;
    foreign += word.foreign;
  });
  const bool latin_text = latin > 0 && foreign == 0;
  ForWords(text, [&](const MixedWord& word) {
    if (word.alike > 0 && word.foreign == 0 && (word.latin > 0 || (latin_text && word.whole()))) {
      for (size_t i = word.begin; i < word.end; ++i) {
        if (const char letter = LookAlike(text[i].code); letter != 0) text[i].code = static_cast<char32_t>(letter);
      }
      return;
    }
    if (word.latin == 0 || word.foreign == 0 || !word.cyrillic || word.alike + word.foreign <= word.latin) return;
    const auto of_word = [&](size_t i) { return text[i].code; };
    for (size_t i = word.begin; i < word.end; ++i) {
      if (IsLatin(of_word(i)) && CyrillicLookAlike(of_word(i)) == 0) return;
    }
    for (size_t i = word.begin; i < word.end; ++i) {
      if (IsLatin(of_word(i))) text[i].code = CyrillicLookAlike(of_word(i));
    }
  });
}

// --- Leetspeak

/// Where the white-space-delimited token from `begin` ends, and whether it is a web or mail address.
std::pair<size_t, bool> Token(const Characters& text, size_t begin) {
  size_t end = begin;
  bool at = false;
  bool address = false;
  const auto code = [&](size_t i) { return i < text.size() ? text[i].code : U'\0'; };
  const auto lower = [&](size_t i) { return IsAsciiLetter(code(i)) ? code(i) | 0x20 : code(i); };
  for (; end < text.size() && !IsSpace(code(end)) && code(end) > 0x1F; ++end) {
    const bool host_follows = IsLetterOrDigit(code(end + 1));
    address = address || (code(end) == ':' && code(end + 1) == '/' && code(end + 2) == '/');
    address = address || (at && code(end) == '.' && host_follows);
    address = address || (lower(end) == 'w' && lower(end + 1) == 'w' && lower(end + 2) == 'w' && code(end + 3) == '.');
    at = at || code(end) == '@';
  }
  return {end, address};
}

bool IsConsonant(char32_t c) {
  constexpr std::u32string_view kVowels = U"aeiouyAEIOUY";
  return IsAsciiLetter(c) && kVowels.find(c) == std::u32string_view::npos;
}

/// Reads the words of [begin, end), which holds no white space.
void ReadToken(Characters& text, size_t begin, size_t end) {
  std::u32string word;
  for (size_t i = begin; i < end;) {
    if (!IsLetterOrDigit(text[i].code) && text[i].code != '$') {
      ++i;
      continue;
    }
    word.clear();
    size_t last = i;
    bool consonants = true;
    bool other = false;
    bool needs_vowel = false;  // or, once read, it would be consonants, and the sign after it a part of the word
    for (; last < end; ++last) {
      const char32_t c = text[last].code;
      if (c == '!' || c == '|' || c == '+') {
        const char32_t next = last + 1 < end ? text[last + 1].code : U' ';
        const bool goes_on = IsLatin(next) || IsAsciiDigit(next) || next == '$' || next == '@';
        needs_vowel = goes_on;
        if (!consonants || word.size() > 3 || !goes_on) break;
      } else if (IsLetterOrDigit(c)) {
        other = other || !(IsLatin(c) || IsAsciiDigit(c));
      } else if (!IsLeetSign(c)) {
        break;
      }
      consonants = consonants && IsConsonant(c);
      word.push_back(c);
    }
    while (!word.empty() && word.back() == '@') word.pop_back();
    if (!other) {
      const std::u32string read = ReadLeetspeak(word);
      const bool vowel = std::ranges::any_of(read, [](char32_t c) { return IsAsciiLetter(c) && !IsConsonant(c); });
      const bool taken = vowel || !needs_vowel;
      for (size_t k = 0; taken && k < read.size(); ++k) text[i + k].code = read[k];
    }
    i = last;
  }
}

void ReadLeetspeakWords(Characters& text) {
  for (size_t i = 0; i < text.size();) {
    const auto [end, address] = Token(text, i);
    if (!address) ReadToken(text, i, end);
    i = std::max(end, i + 1);
  }
}

// --- Texts without obfuscations

/// What folding looks for in a byte of ASCII.
enum ByteClass : uint8_t { kLetter = 1, kDigit = 2, kSign = 4, kSignBeforeWord = 8, kTokenEnd = 16 };

constexpr std::array<uint8_t, 128> kByteClasses = [] {
  std::array<uint8_t, 128> classes{};
  for (size_t c = 0; c <= ' '; ++c) classes[c] = kTokenEnd;
  for (char c = '0'; c <= '9'; ++c) classes[static_cast<size_t>(c)] = kDigit;
  for (const char first : {'a', 'A'}) {
    for (int k = 0; k < 26; ++k) classes[static_cast<size_t>(first + k)] = kLetter;
  }
  for (const char c : {'@', '$'}) classes[static_cast<size_t>(c)] = kSign;
  for (const char c : {'!', '|', '+'}) classes[static_cast<size_t>(c)] = kSignBeforeWord;
  return classes;
}();

uint8_t ClassAt(std::string_view text, size_t i) {
  return i < text.size() ? kByteClasses[static_cast<unsigned char>(text[i])] : uint8_t{kTokenEnd};
}

bool IsLeetspeak(std::string_view token) {
  Characters characters = Decoded(token);
  ReadLeetspeakWords(characters);
  return !std::ranges::equal(characters, token, {}, &Character::code, [](char c) { return static_cast<char32_t>(c); });
}

/// Returns true for ASCII that folding does not change: most texts are such, and one look at each byte tells. False if
/// it may change.
bool IsPlain(std::string_view text) {
  unsigned all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  if (all >= 0x80) return false;
  size_t alike = 0;      // length of the run of one letter that ends here
  size_t word = 0;       // length of the word that ends here
  size_t singles = 0;    // words of one character before it, one character apart
  size_t token = 0;      // where it begins
  unsigned classes = 0;  // of the token
  for (size_t i = 0; i <= text.size(); ++i) {
    const uint8_t type = ClassAt(text, i);
    if ((type & (kLetter | kDigit)) != 0) {
      alike = i > 0 && text[i] == text[i - 1] ? alike + 1 : 1;
      if (alike == 4 && type == kLetter && (text[i] | 0x20) != 'x') return false;
      ++word;
    } else {
      singles = word == 1 ? singles + 1 : 0;  // two characters apart: a word of none
      if (singles == 3) return false;
      word = 0;
    }
    if (type == kTokenEnd) {
      if ((classes & kLetter) != 0 && (classes & (kDigit | kSign)) != 0 && IsLeetspeak(text.substr(token, i - token)))
        return false;
      token = i + 1;
      classes = 0;
      continue;
    }
    const bool joins = type == kSignBeforeWord && (ClassAt(text, i + 1) & (kLetter | kDigit | kSign)) != 0;
    classes |= type;
    if (joins) classes |= kSign;
  }
  return true;
}

}  // namespace

std::string FoldDisguises(std::string_view text, std::vector<uint32_t>* ends) {
  if (IsPlain(text)) {
    if (ends != nullptr) {
      ends->resize(text.size());
      std::iota(ends->begin(), ends->end(), 1);
    }
    return std::string(text);
  }
  Characters characters = Decoded(text);
  JoinSpaced(characters);
  ShortenLong(characters);
  FoldHomoglyphs(characters);
  ShortenLong(characters);
  ReadLeetspeakWords(characters);
  ShortenLong(characters);
  std::string folded;
  folded.reserve(text.size());
  if (ends != nullptr) ends->clear();
  for (const Character& character : characters) {
    AppendUtf8(character.code, folded);
    if (ends != nullptr) ends->resize(folded.size(), static_cast<uint32_t>(character.end));
  }
  return folded;
}

}  // namespace winnow
