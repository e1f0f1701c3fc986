#include "experiment/murmur3.h"

#include <bit>
#include <cstring>

#include "base/mix_bits.h"

namespace winnow {
namespace {

constexpr uint64_t kC1 = 0x87c37b91114253d5ull, kC2 = 0x4cf5ad432745937full;

uint64_t Mix1(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t Mix2(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

/// Reads up to 8 bytes as a little-endian number.
uint64_t Read(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace

Murmur3Hash Murmur3(std::string_view bytes, uint32_t seed) {
  static_assert(std::endian::native == std::endian::little, "blocks are read as little-endian numbers");
  const uint64_t length = bytes.size();
  uint64_t h1 = seed, h2 = seed;
  while (bytes.size() >= 16) {
    uint64_t block[2];
    std::memcpy(block, bytes.data(), 16);
    bytes.remove_prefix(16);
    h1 = (std::rotl(h1 ^ Mix1(block[0]), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ Mix2(block[1]), 31) + h1) * 5 + 0x38495ab5;
  }
  if (bytes.size() > 8) h2 ^= Mix2(Read(bytes.substr(8)));
  h1 ^= Mix1(Read(bytes.substr(0, 8)));  // no bytes give 0, which changes nothing
  h1 ^= length;
  h2 ^= length;
  h1 += h2;
  h2 += h1;
  h1 = MixBits(h1);
  h2 = MixBits(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

}  // namespace winnow
