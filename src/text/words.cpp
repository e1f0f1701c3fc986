#include "text/words.h"

#include "text/dictionary_words.h"
#include "text/unicode_data.h"
#include "text/utf8.h"
#include "text/word_breaks.h"

namespace winnow {
namespace {

bool IsBlankCharacter(char32_t c) {
  return c < 0x20 || c == 0x7F || unicode::PropertiesOf(c).Has(unicode::Properties::kWhiteSpace);
}

/// The parts of text[begin, end) that are not blank. `joins`: the first goes on with the range before, where it
/// touches.
void AddParts(std::string_view text, size_t begin, size_t end, bool joins, std::vector<TextRange>& words) {
  for (size_t i = begin; i < end;) {
    const size_t from = i;
    if (IsBlankCharacter(NextCodePoint(text.substr(0, end), i))) continue;
    const bool touches = !words.empty() && words.back().end == from && (joins || from > begin);
    if (!touches) words.push_back({static_cast<uint32_t>(from), 0});
    words.back().end = static_cast<uint32_t>(i);
  }
}

}  // namespace

std::vector<TextRange> Words(std::string_view text) {
  std::vector<TextRange> words;
  bool symbols_before = false;
  size_t begin = 0;
  for (const WordSection& section : NeedsDictionary(text) ? DictionarySections(text) : WordSections(text)) {
    AddParts(text, begin, section.end, section.symbols && symbols_before, words);
    symbols_before = section.symbols;
    begin = section.end;
  }
  return words;
}

}  // namespace winnow
