#include "text/redaction.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>

#include "base/ascii.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr std::string_view kUrl = "https://redacted.invalid/", kAddress = "name@redacted.invalid";

/// Returns the length of what ends a word, even one that is a URL, at `i`: white space, signs that no URL has, and the
/// punctuation of languages that are written without spaces. 0 for anything else.
size_t EndLength(std::string_view text, size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte <= ' ' || byte == 0x7F || byte == '"' || byte == '<' || byte == '>') return 1;
  if (byte != 0xE3 && byte != 0xEF) return 0;  // U+3000 to U+3FFF, U+F000 to U+FFFF
  size_t next = i;
  const char32_t c = NextCodePoint(text, next);
  constexpr std::u32string_view kFullWidth = U"\uFF01\uFF08\uFF09\uFF0C\uFF1A\uFF1B\uFF1F\uFF5B\uFF5D";
  return (c >= 0x3000 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3011) || kFullWidth.find(c) != std::u32string_view::npos
             ? next - i
             : 0;
}

/// Letters of scripts that are written without spaces, in which names of mailboxes and hosts hardly ever are.
bool IsWrittenWithoutSpaces(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
         (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000;
}

constexpr std::string_view kBrackets = "'()[]{},;!|", kTail = "'()[]{},;!|.:?";

bool IsHostByte(unsigned char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '.' || c >= 0x80; }

/// "bit.ly/x", "example.com:8080/": a host name with a dot, then a port, then a slash.
bool BeginsWithHostAndSlash(std::string_view word) {
  const size_t slash = word.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view host = word.substr(0, slash);
  if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || !AreAsciiDigits(port)) return false;
    host = host.substr(0, colon);
  }
  const size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || host.size() - dot < 3) return false;
  for (const char c : host) {
    if (!IsHostByte(static_cast<unsigned char>(c))) return false;
  }
  // The last part of a name is not a number: "12.50/month" is none.
  return host.find_first_of("0123456789", dot) == std::string_view::npos;
}

bool IsSchemeCharacter(char c) {
  return IsAsciiLetter(c) || std::string_view("0123456789+-.").find(c) != std::string_view::npos;
}

/// Returns where the first URL with a scheme begins; npos if there is none.
size_t SchemeOf(std::string_view word) {
  for (size_t end = word.find("://"); end != std::string_view::npos; end = word.find("://", end + 3)) {
    size_t begin = end;
    while (begin > 0 && IsSchemeCharacter(word[begin - 1])) --begin;
    if (begin < end) return begin;
  }
  return std::string_view::npos;
}

bool IsUrlWithoutScheme(std::string_view word) {
  const std::string lower = LowerAscii(word.substr(0, 8));
  return lower.starts_with("www.") || lower.starts_with("mailto:") || BeginsWithHostAndSlash(word);
}

bool IsAddress(std::string_view word) {
  const size_t at = word.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  const size_t dot = word.find('.', at + 1);
  return dot != std::string_view::npos && dot > at + 1 && dot + 1 < word.size();
}

std::string WithoutNumbers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      out += IsAsciiDigit(byte) ? '0' : text[i];
      ++i;
      continue;
    }
    const char32_t c = NextCodePoint(text, i);
    if (u_isdigit(static_cast<UChar32>(c)) != 0) {
      out += '0';
    } else {
      AppendUtf8(c, out);
    }
  }
  return out;
}

/// Returns the text that is an address with an "@" at `at`, without the sentence around it in a script without spaces.
std::string_view AddressAround(std::string_view word, size_t at) {
  size_t begin = 0, end = word.size();
  for (size_t i = 0; i < word.size();) {
    const size_t here = i;
    if (!IsWrittenWithoutSpaces(NextCodePoint(word, i))) continue;
    if (here < at) begin = i;
    if (here > at) {
      end = here;
      break;
    }
  }
  return word.substr(begin, end - begin);
}

/// A word that is an address, or a sentence with addresses.
void AppendAddress(std::string_view word, std::string& out) {
  while (!word.empty()) {
    const size_t at = word.find('@');
    const std::string_view address = at == std::string_view::npos ? std::string_view() : AddressAround(word, at);
    if (address.empty()) break;
    const std::string_view inner = address.substr(0, address.find_last_not_of(kTail) + 1);
    const auto begin = static_cast<size_t>(address.data() - word.data());
    if (address.size() == word.size() || !IsAddress(inner)) {
      out += kAddress;  // the whole, if it cannot be divided
      return;
    }
    out += word.substr(0, begin);
    out += kAddress;
    word.remove_prefix(begin + inner.size());
    if (!IsAddress(word)) break;
  }
  out += word;
}

/// A word, or what lies between brackets and commas in one.
void AppendPart(std::string_view part, const Redaction& redaction, std::string& out) {
  const size_t end = part.find_last_not_of(kTail) + 1;  // the end of a sentence belongs to no URL and no address
  const std::string_view inner = part.substr(0, end);
  if (redaction.addresses && IsAddress(inner)) {
    AppendAddress(inner, out);
  } else {
    out += inner;
  }
  out += part.substr(end);
}

void AppendParts(std::string_view word, const Redaction& redaction, std::string& out) {
  while (!word.empty()) {
    const size_t end = std::min(word.find_first_of(kBrackets), word.size());
    AppendPart(word.substr(0, end), redaction, out);
    if (end < word.size()) out += word[end];
    word.remove_prefix(std::min(end + 1, word.size()));
  }
}

void AppendWord(std::string_view word, const Redaction& redaction, std::string& out) {
  const size_t begin = std::min(word.find_first_not_of(kBrackets), word.size());
  const size_t end = std::max(word.find_last_not_of(kTail) + 1, begin);
  const std::string_view inner = word.substr(begin, end - begin);
  const size_t scheme = SchemeOf(inner);
  out += word.substr(0, begin);
  if (redaction.urls && IsUrlWithoutScheme(inner)) {
    out += kUrl;
  } else if (redaction.urls && scheme != std::string_view::npos) {
    AppendWord(inner.substr(0, scheme), redaction, out);  // which has no scheme
    // The end of a replacement before the URL would be read as a part of its scheme when the text is redacted again.
    if (scheme > 0 && IsSchemeCharacter(out.back())) out += ' ';
    out += kUrl;
  } else if (redaction.addresses && IsAddress(inner) && inner.find_first_of("()[]{},;|") == std::string_view::npos) {
    AppendAddress(inner, out);  // a name in it may have an apostrophe
  } else {
    AppendParts(inner, redaction, out);
  }
  out += word.substr(end);
}

}  // namespace

Result<Redaction> ParseRedaction(std::string_view text) {
  if (text == "none") return Redaction{};
  if (text == "all") return Redaction{.numbers = true, .urls = true, .addresses = true};
  Redaction redaction;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    bool* const chosen = name == "numbers"     ? &redaction.numbers
                         : name == "urls"      ? &redaction.urls
                         : name == "addresses" ? &redaction.addresses
                                               : nullptr;
    if (chosen == nullptr) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not one of numbers, urls, addresses", name),
                  "specify some of numbers,urls,addresses, or all, or none");
    }
    *chosen = true;
    if (comma == std::string_view::npos) return redaction;
    text.remove_prefix(comma + 1);
  }
}

std::string Redact(std::string_view text, const Redaction& redaction) {
  // Numbers first: the 0 that replaces a digit of another script can be a part of a URL's scheme, which that was not.
  std::string numberless;
  if (redaction.numbers) text = numberless = WithoutNumbers(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && EndLength(text, end) == 0) ++end;
    AppendWord(text.substr(i, end - i), redaction, out);
    for (size_t length = 0; end < text.size() && (length = EndLength(text, end)) > 0; end += length)
      out += text.substr(end, length);
    i = end;
  }
  return out;
}

bool IsRedactionOf(std::string_view redacted, std::string_view text) {
  for (unsigned choice = 1; choice < 8; ++choice) {
    if (Redact(text, {(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0}) == redacted) return true;
  }
  return false;
}

}  // namespace winnow
