#include "filter/domain_name.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "text/simple_fold.h"
#include "text/utf8.h"

namespace winnow {
namespace {

bool IsOfHostName(char32_t c) { return IsAsciiAlphanumeric(c) || c == '-'; }

/// Returns the label of a host name that "xn--" and `code` stand for (RFC 3492, 6.2); nothing if it is none.
std::optional<std::string> DecodedLabel(std::string_view code) {
  constexpr uint32_t kBase = 36, kLeast = 1, kMost = 26, kSkew = 38, kDamp = 700, kLastCodePoint = 0x10FFFF;
  const size_t delimiter = code.rfind('-');
  std::u32string label;
  if (delimiter != std::string_view::npos) label.assign(code.begin(), code.begin() + static_cast<ptrdiff_t>(delimiter));
  code.remove_prefix(delimiter == std::string_view::npos ? 0 : delimiter + 1);
  // Host names have no other characters of ASCII, and what has those alone has no other form.
  if (code.empty() || !std::ranges::all_of(label, IsOfHostName)) return std::nullopt;
  uint64_t point = 0x80, position = 0;
  uint32_t bias = 72;
  while (!code.empty()) {
    const uint64_t before = position;
    uint64_t weight = 1;
    for (uint32_t k = kBase;; k += kBase) {
      if (code.empty()) return std::nullopt;
      const char c = LowerAscii(code.front());
      code.remove_prefix(1);
      if (!IsAsciiAlphanumeric(c)) return std::nullopt;
      const auto digit = static_cast<uint32_t>(IsAsciiLetter(c) ? c - 'a' : c - '0' + 26);
      position += digit * weight;
      const uint32_t least = k <= bias ? kLeast : std::min(k - bias, kMost);
      if (digit < least) break;
      weight *= kBase - least;
      if (position > kLastCodePoint * uint64_t{64} || weight > kLastCodePoint * uint64_t{64}) return std::nullopt;
    }
    const uint64_t count = label.size() + 1;
    uint64_t delta = (position - before) / (before == 0 ? kDamp : 2);
    delta += delta / count;
    for (bias = 0; delta > (kBase - kLeast) * kMost / 2; bias += kBase) delta /= kBase - kLeast;
    bias += static_cast<uint32_t>((kBase - kLeast + 1) * delta / (delta + kSkew));
    point += position / count;
    position %= count;
    if (point > kLastCodePoint || (point >= 0xD800 && point < 0xE000)) return std::nullopt;
    label.insert(label.begin() + static_cast<ptrdiff_t>(position++), static_cast<char32_t>(point));
  }
  std::string text;
  for (const char32_t c : label) AppendUtf8(c, text);
  return text;
}

}  // namespace

std::string NormalDomain(std::string_view domain) {
  std::string normal;
  while (true) {
    const std::string_view label = domain.substr(0, domain.find('.'));
    const bool encoded = LowerAscii(label.substr(0, 4)) == "xn--";
    const std::optional<std::string> decoded = encoded ? DecodedLabel(label.substr(4)) : std::nullopt;
    normal += decoded ? *decoded : std::string(label);
    if (label.size() == domain.size()) return SimpleFold(normal);
    normal += '.';
    domain.remove_prefix(label.size() + 1);
  }
}

}  // namespace winnow
