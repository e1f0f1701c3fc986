#include "text/python_text.h"

#include "base/ascii.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using unicode::Properties;

constexpr char32_t kDottedI = 0x130;  // the one character whose lower case is two
constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

/// The character that ends at text[end - 1], moving end to its begin; U+FFFD where the bytes there are none.
char32_t PreviousCodePoint(std::string_view text, size_t& end) {
  const size_t old = end;
  do --end;
  while (end > 0 && old - end < 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  size_t next = end;
  const char32_t c = NextCodePoint(text, next);
  if (next == old) return c;
  end = old - 1;
  return 0xFFFD;
}

/// Unicode 3.13, Final_Sigma: a cased letter before and none after, case-ignorable characters left out of account.
/// The sigma is the bytes [begin, end) of `text`.
bool IsFinalSigma(std::string_view text, size_t begin, size_t end) {
  bool cased = false;
  for (size_t i = begin; i > 0 && !cased;) {
    const Properties properties = unicode::PropertiesOf(PreviousCodePoint(text, i));
    if (properties.Has(Properties::kCaseIgnorable)) continue;
    if (!properties.Has(Properties::kCased)) return false;
    cased = true;
  }
  if (!cased) return false;
  for (size_t i = end; i < text.size();) {
    const Properties properties = unicode::PropertiesOf(NextCodePoint(text, i));
    if (!properties.Has(Properties::kCaseIgnorable)) return !properties.Has(Properties::kCased);
  }
  return true;
}

/// Appends the lower case of the character [begin, end) of `text`.
void AppendLower(std::string_view text, size_t begin, size_t end, char32_t c, std::string& out) {
  if (c == kDottedI) {
    out += 'i';
    AppendUtf8(0x307, out);
  } else if (c == kSigma && IsFinalSigma(text, begin, end)) {
    AppendUtf8(kFinalSigma, out);
  } else {
    AppendUtf8(unicode::SimpleLower(c), out);
  }
}

void SetOrigins(TextOrigins& origins, size_t size, size_t begin, size_t end) {
  origins.begins.resize(size, static_cast<uint32_t>(begin));
  origins.ends.resize(size, static_cast<uint32_t>(end));
}

/// Lowercases a text that is not ASCII.
void LowerCharacters(std::string_view text, bool lowercase, std::string& out, TextOrigins* origins) {
  out.clear();
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      ++i;
      out += lowercase ? LowerAscii(text[begin]) : text[begin];
    } else {
      const char32_t c = NextCodePoint(text, i);
      if (lowercase) {
        AppendLower(text, begin, i, c, out);
      } else {
        AppendUtf8(c, out);
      }
    }
    if (origins != nullptr) SetOrigins(*origins, out.size(), begin, i);
  }
}

}  // namespace

bool IsPythonWordCharacter(char32_t c) {
  if (c == U'_') return true;
  const Properties properties = unicode::PropertiesOf(c);
  return properties.IsLetter() || properties.Has(Properties::kNumeric);
}

bool IsPythonSpace(char32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  return unicode::PropertiesOf(c).Has(Properties::kWhiteSpace);
}

bool PythonLower(std::string_view text, bool lowercase, std::string& out, TextOrigins* origins) {
  if (origins != nullptr) {
    origins->begins.clear();
    origins->ends.clear();
  }
  // Lays the text out as if it were ASCII: the compiler makes vectors of this loop.
  out.resize(text.size());
  char* to = out.data();
  unsigned seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    seen |= byte;
    const bool upper = lowercase && static_cast<unsigned char>(byte - 'A') < 26;
    to[i] = static_cast<char>(byte | (upper ? 0x20 : 0));
  }
  if (seen >= 0x80) {
    LowerCharacters(text, lowercase, out, origins);
    return false;
  }
  if (origins != nullptr) {
    for (size_t i = 0; i < text.size(); ++i) SetOrigins(*origins, i + 1, i, i + 1);
  }
  return true;
}

}  // namespace winnow
