#include "text/utf8.h"

#include <unicode/utf8.h>

// ICU's macros narrow integers, knowingly.
#pragma GCC diagnostic ignored "-Wconversion"

namespace winnow {

char32_t NextCodePoint(std::string_view text, size_t& i) {
  const char* s = text.data();
  const auto length = static_cast<int64_t>(text.size());
  auto at = static_cast<int64_t>(i);
  UChar32 c;
  U8_NEXT_OR_FFFD(s, at, length, c);
  i = static_cast<size_t>(at);
  return static_cast<char32_t>(c);
}

void AppendUtf8(char32_t c, std::string& out) {
  char bytes[U8_MAX_LENGTH];
  int length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  out.append(bytes, static_cast<size_t>(length));
}

}  // namespace winnow
