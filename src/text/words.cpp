#include "text/words.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include <memory>

#include "text/utf8.h"

namespace winnow {
namespace {

bool IsBlank(char32_t c) { return c < 0x20 || c == 0x7F || u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }

/// The parts of text[begin, end) that are not blank. `joins`: the first goes on with the range before, where it
/// touches.
void AddParts(std::string_view text, size_t begin, size_t end, bool joins, std::vector<TextRange>& words) {
  for (size_t i = begin; i < end;) {
    const size_t from = i;
    if (IsBlank(NextCodePoint(text.substr(0, end), i))) continue;
    const bool touches = !words.empty() && words.back().end == from && (joins || from > begin);
    if (!touches) words.push_back({static_cast<uint32_t>(from), 0});
    words.back().end = static_cast<uint32_t>(i);
  }
}

}  // namespace

std::vector<TextRange> Words(std::string_view text) {
  std::vector<TextRange> words;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  UText bytes = UTEXT_INITIALIZER;
  utext_openUTF8(&bytes, text.data(), static_cast<int64_t>(text.size()), &status);
  if (U_SUCCESS(status)) breaks->setText(&bytes, status);
  if (U_FAILURE(status)) {
    // Only where ICU's data is missing or memory is out: what white space divides.
    utext_close(&bytes);
    AddParts(text, 0, text.size(), false, words);
    return words;
  }
  bool symbols_before = false;
  int32_t begin = breaks->first();
  for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; begin = end, end = breaks->next()) {
    const bool symbols = breaks->getRuleStatus() < UBRK_WORD_NONE_LIMIT;
    AddParts(text, static_cast<size_t>(begin), static_cast<size_t>(end), symbols && symbols_before, words);
    symbols_before = symbols;
  }
  utext_close(&bytes);
  return words;
}

}  // namespace winnow
