#include "text/graphemes.h"

#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <memory>

#include "text/utf8.h"

namespace winnow {
namespace {

/// Nothing joins two ASCII characters but the line end "\r\n".
bool OnlyAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::vector<uint32_t> AsciiEnds(std::string_view text) {
  std::vector<uint32_t> ends;
  ends.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    ends.push_back(static_cast<uint32_t>(i + 1));
  }
  return ends;
}

/// An iterator for this thread: creating one takes longer than a short text.
icu::BreakIterator* CharacterBreaks() {
  static const std::unique_ptr<icu::BreakIterator> shared = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<icu::BreakIterator>(
        icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  }();
  thread_local const std::unique_ptr<icu::BreakIterator> own(shared == nullptr ? nullptr : shared->clone());
  return own.get();
}

}  // namespace

std::vector<uint32_t> GraphemeEnds(std::string_view text) {
  if (OnlyAscii(text)) return AsciiEnds(text);
  icu::UnicodeString utf16;
  std::vector<uint32_t> places;  // in `text`, of the end of each UTF-16 unit
  places.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    utf16.append(static_cast<UChar32>(NextCodePoint(text, i)));
    places.resize(static_cast<size_t>(utf16.length()), static_cast<uint32_t>(i));
  }
  icu::BreakIterator* breaks = CharacterBreaks();
  if (breaks == nullptr) return places;
  std::vector<uint32_t> ends;
  breaks->setText(utf16);
  breaks->first();
  for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) {
    ends.push_back(places[static_cast<size_t>(end - 1)]);
  }
  return ends;
}

}  // namespace winnow
