/// The elements of n-grams: words or characters of a text, split as by scikit-learn's analyzers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "linear/features.h"
#include "linear/word_table.h"
#include "text/python_text.h"

namespace winnow {

/// The symbols of a text in runs, which no n-gram crosses: one run of all words or characters, or with kCharWb one for
/// each word with a space before and after it.
struct SymbolRuns {
  std::vector<uint32_t> symbols;   ///< numbers of words (WordTable::kNone for unknown words), or code points
  std::vector<uint32_t> run_ends;  ///< ends of the runs, as indices into `symbols`
};

/// The byte range of a symbol. A space that pads a word has that of its neighbour; one that stands for several
/// characters has that of all of them.
struct SymbolPlace {
  uint32_t begin = 0, end = 0;
};

/// A text prepared for division into symbols. Allocates nothing once it has grown.
class LoweredText {
 public:
  /// Sets the text; a text of more than 2 GiB is cut there.
  void Set(std::string_view text, bool lowercase, TextOrigins* origins = nullptr);
  /// Returns the text; WordTable::kPadding bytes are readable after it.
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::string bytes_;
  size_t size_ = 0;
};

/// minimum number of characters: 1 or 2
struct WordRule {
  WordCharacters characters = WordCharacters::kPython;
  size_t shortest = 2;  ///< 1 or 2
};

/// Calls on_word(begin, end) for each word in valid UTF-8: by default each match of (?u)\b\w\w+\b.
template <class OnWord>
void ForEachWord(std::string_view text, const WordRule& rule, const OnWord& on_word);

/// Replaces the contents of `out` by the words of `text`; number(std::string_view) returns the symbol of a word.
template <class Number>
void WordSymbols(std::string_view text, const WordRule& rule, const Number& number, SymbolRuns& out,
                 std::vector<SymbolPlace>* places = nullptr) {
  out.symbols.clear();
  ForEachWord(text, rule, [&](size_t begin, size_t end) {
    out.symbols.push_back(number(text.substr(begin, end - begin)));
    if (places != nullptr) places->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  });
  out.run_ends.assign(1, static_cast<uint32_t>(out.symbols.size()));
}

/// Splits a text into characters, with kChar or kCharWb. White space of two characters or more becomes one space.
void CharacterSymbols(std::string_view text, Analyzer analyzer, SymbolRuns& out,
                      std::vector<SymbolPlace>* places = nullptr);

namespace internal {
/// Moves i past the word character at text[i] (not ASCII) and returns true; returns false if it is not a word
/// character.
bool SkipWordCharacter(std::string_view text, size_t& i);

constexpr bool IsAsciiWordCharacter(unsigned char c) { return IsAsciiAlphanumeric(c) || c == '_'; }
struct AsciiTable {
  bool is[256] = {};
  constexpr AsciiTable() {
    for (int c = 0; c < 128; ++c) is[c] = IsAsciiWordCharacter(static_cast<unsigned char>(c));
  }
};
inline constexpr AsciiTable kAsciiWord;
}  // namespace internal

template <class OnWord>
void ForEachWord(std::string_view text, const WordRule& rule, const OnWord& on_word) {
  const size_t size = text.size();
  const bool ascii = rule.characters == WordCharacters::kAscii;
  const bool single = rule.shortest < 2;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto skip = [&](size_t& i) {
    if (internal::kAsciiWord.is[byte(i)]) {
      ++i;
      return true;
    }
    return byte(i) >= 0x80 && !ascii && internal::SkipWordCharacter(text, i);
  };
  for (size_t i = 0; i < size;) {
    const size_t begin = i;
    if (!skip(i)) {
      // A character that is no part of a word: past its first byte, then past the rest.
      for (++i; i < size && (byte(i) & 0xC0) == 0x80; ++i) {
      }
      continue;
    }
    const size_t second = i;
    while (i < size && skip(i)) {
    }
    if (i > second || single) on_word(begin, i);
  }
}

}  // namespace winnow
