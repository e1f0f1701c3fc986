#include "text/simple_fold.h"

#include "base/ascii.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {

std::string SimpleFold(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 0x80) {
      folded += LowerAscii(c);
      ++i;
    } else {
      AppendUtf8(unicode::SimpleFolding(NextCodePoint(text, i)), folded);
    }
  }
  return folded;
}

}  // namespace winnow
