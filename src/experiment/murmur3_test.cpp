#include "experiment/murmur3.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace winnow {
namespace {

std::string BytesOf(const Murmur3Hash& hash) {
  std::string bytes(16, '\0');
  std::memcpy(bytes.data(), &hash.low, 8);
  std::memcpy(bytes.data() + 8, &hash.high, 8);
  return bytes;
}

// SMHasher's VerificationTest (KeysetTest.cpp): the hash of the hashes of the keys {}, {0}, {0, 1}, ... of up to 255
// bytes, each with the seed 256 - length, begins with the number that SMHasher's main.cpp lists for MurmurHash3F.
TEST(Murmur3, HasTheVerificationValueOfSmHasher) {
  std::string key, hashes;
  for (uint32_t i = 0; i < 256; ++i) {
    hashes += BytesOf(Murmur3(key, 256 - i));
    key += static_cast<char>(i);
  }
  EXPECT_EQ(static_cast<uint32_t>(Murmur3(hashes).low), 0x6384BA69u);
}

// From the tests of Guava's Murmur3_128HashFunction and of the package "mmh3".
TEST(Murmur3, HasThePublishedValues) {
  EXPECT_EQ(Murmur3(""), Murmur3Hash{});
  EXPECT_EQ(Murmur3("The quick brown fox jumps over the lazy dog"),
            (Murmur3Hash{0xe34bbc7bbc071b6cull, 0x7a433ca9c49a9347ull}));
}

}  // namespace
}  // namespace winnow
