#include "tokenize/byte_letters.h"

#include <array>
#include <string>

#include "text/utf8.h"

namespace winnow {
namespace {

std::array<std::string, 256> MakeLetters() {
  std::array<std::string, 256> letters;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    AppendUtf8(printable ? byte : next++, letters[byte]);
  }
  return letters;
}

}  // namespace

std::string_view ByteLetter(unsigned char byte) {
  static const std::array<std::string, 256> letters = MakeLetters();
  return letters[byte];
}

}  // namespace winnow
