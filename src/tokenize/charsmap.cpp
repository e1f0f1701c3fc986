// The units of a double array as Darts-clone lays them out (Yata, darts-clone, include/darts.h, class DoubleArrayUnit):
// bits 0-7 the label, bit 8 whether a value follows, bit 9 whether the offset is counted in 256, bits 10-30 the offset,
// bit 31 set for a unit that is a value.
#include "tokenize/charsmap.h"

#include <algorithm>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr uint32_t kIsValue = 1u << 31;
constexpr size_t kLongestForm = 1024;  // NFKC's longest has 33 bytes; a text must not grow without bound

size_t Offset(uint32_t unit) { return static_cast<size_t>(unit >> 10 & 0x1FFFFF) << ((unit >> 9 & 1) != 0 ? 8 : 0); }
bool HasValue(uint32_t unit) { return (unit >> 8 & 1) != 0; }

}  // namespace

Result<Charsmap> Charsmap::Parse(std::string_view blob, std::string_view where) {
  Charsmap map;
  if (blob.empty()) return map;
  const auto broken = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidModel,
                std::string(where) + ": the normalization rules (precompiled_charsmap) " + what);
  };
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<unsigned char>(blob[at + i])} << (8 * i);
    return value;
  };
  if (blob.size() < 4) return broken("are truncated");
  const size_t size = number(0);
  if (size > blob.size() - 4 || size % 4 != 0) {
    return broken("have " + std::to_string(blob.size()) + " bytes, too few for a trie of " + std::to_string(size));
  }
  map.units_.resize(size / 4);
  for (size_t i = 0; i < map.units_.size(); ++i) map.units_[i] = number(4 + 4 * i);
  map.normal_begin_ = 4 + size;
  const std::string_view normal = blob.substr(map.normal_begin_);
  for (size_t i = 0, form = 0; i < normal.size();) {
    const size_t begin = i;
    if (normal[i] == '\0') form = i + 1;
    if (i + 1 - form > kLongestForm) return broken("have a normal form of more than 1024 bytes");
    if (NextCodePoint(normal, i) == 0xFFFD && normal.substr(begin, 3) != "\xEF\xBF\xBD")
      return broken("have normal forms that are not UTF-8");
  }
  map.blob_ = blob;
  return map;
}

Charsmap::Rule Charsmap::Find(std::string_view text, bool shortest) const {
  Rule rule;
  if (units_.empty()) return rule;
  size_t value = 0;
  size_t place = Offset(units_[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    place ^= byte;
    if (place >= units_.size()) break;
    const uint32_t unit = units_[place];
    if ((unit & (kIsValue | 0xFF)) != byte) break;
    place ^= Offset(unit);
    if (!HasValue(unit) || place >= units_.size()) continue;
    rule.length = i + 1;
    value = units_[place] & ~kIsValue;
    if (shortest) break;
  }
  if (rule.length == 0) return rule;
  const std::string_view normal = std::string_view(blob_).substr(normal_begin_);
  if (value >= normal.size() || (static_cast<unsigned char>(normal[value]) & 0xC0) == 0x80) return {};
  const size_t end = std::min(normal.find('\0', value), normal.size());
  rule.normal = normal.substr(value, end - value);
  return rule;
}

}  // namespace winnow
