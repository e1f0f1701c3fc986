#include "base/sip_hash.h"

#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

constexpr SipKey kKey = {0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};

std::vector<std::byte> Counting(size_t size) {
  std::vector<std::byte> bytes;
  bytes.reserve(size);
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

// The vectors are those of Rust's core library (coretests, hash/sip.rs, test_siphash_1_3): bytes 0, 1, 2, ...
TEST(SipHash, IsTheKnownFunction) {
  const std::vector<std::pair<size_t, uint64_t>> known = {
      {0, 0xabac0158050fc4dcull},  {1, 0xc9f49bf37d57ca93ull},  {7, 0xd3927d989bb11140ull},  {8, 0x369095118d299a8eull},
      {15, 0xd320d86d2a519956ull}, {16, 0xcc4fdd1a7d908b66ull}, {63, 0x9d199062b7bbb3a8ull},
  };
  for (const auto& [size, hash] : known) EXPECT_EQ(SipHasher(kKey).Finish(Counting(size)), hash) << size;
}

TEST(SipHash, WordsAreTheirBytes) {
  for (const size_t size : {8u, 11u, 63u}) {
    const std::vector<std::byte> bytes = Counting(size);
    SipHasher hasher(kKey);
    hasher.Word(0x0706050403020100ull);
    EXPECT_EQ(hasher.Finish(std::span(bytes).subspan(8)), SipHasher(kKey).Finish(bytes)) << size;
  }
}

TEST(SipHash, RandomKeysDiffer) {
  const SipKey first = SipKey::Random(), second = SipKey::Random();
  EXPECT_NE(SipHasher(first).Finish(), SipHasher(second).Finish());
}

}  // namespace
}  // namespace winnow
