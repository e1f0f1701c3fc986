#include "text/dictionary_words.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/utext.h>

#include <memory>

namespace winnow {

std::vector<WordSection> DictionarySections(std::string_view text) {
  std::vector<WordSection> sections;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  UText bytes = UTEXT_INITIALIZER;
  utext_openUTF8(&bytes, text.data(), static_cast<int64_t>(text.size()), &status);
  if (U_SUCCESS(status)) breaks->setText(&bytes, status);
  if (U_FAILURE(status)) {
    // Only where ICU's data is missing or memory is out: the rules do without dictionaries.
    utext_close(&bytes);
    return WordSections(text);
  }
  breaks->first();
  for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) {
    sections.push_back({static_cast<uint32_t>(end), breaks->getRuleStatus() < UBRK_WORD_NONE_LIMIT});
  }
  utext_close(&bytes);
  return sections;
}

}  // namespace winnow
