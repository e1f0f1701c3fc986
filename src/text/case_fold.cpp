#include "text/case_fold.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>

#include "base/ascii.h"

namespace winnow {

std::string FoldCase(std::string_view text) {
  // Most texts are ASCII, where the whole standard comes down to this.
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return LowerAscii(text);
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(status);
  std::string folded;
  if (U_SUCCESS(status)) {
    // ICU repairs invalid bytes on its way through UTF-16; its UTF-8 path would leave them as they are.
    const icu::UnicodeString wide =
        icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    const icu::UnicodeString result = normalizer->normalize(wide, status);
    if (U_SUCCESS(status)) result.toUTF8String(folded);
  }
  // ICU fails only where its own data is missing or memory is out; the text itself is then the best key.
  if (U_FAILURE(status)) folded.assign(text);
  return folded;
}

}  // namespace winnow
