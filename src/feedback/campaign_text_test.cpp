#include "feedback/campaign_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace winnow {
namespace {

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
  x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
  return x ^ (x >> 33);
}

/// The hashes of bands by their definition: a hash at a time, by multiplication.
std::vector<uint32_t> PlainBandHashes(const std::vector<uint32_t>& words) {
  std::vector<uint32_t> bands;
  for (size_t band = 0; band < kCampaignBands; ++band) {
    uint64_t hash = band + 1;
    for (size_t row = 0; row < kCampaignRows; ++row) {
      const size_t function = band * kCampaignRows + row;
      const auto series = static_cast<uint32_t>(function % 8), place = static_cast<uint32_t>(function / 8);
      int32_t least = std::numeric_limits<int32_t>::max();
      for (const uint32_t word : words) {
        const uint64_t mixed = Mix((uint64_t{word} << 8 | series) * 0x9E3779B97F4A7C15u);
        const uint32_t step = static_cast<uint32_t>(mixed >> 32) | 1u;
        least = std::min(least, static_cast<int32_t>(static_cast<uint32_t>(mixed) + place * step));
      }
      hash = (hash ^ static_cast<uint32_t>(least)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    bands.push_back(static_cast<uint32_t>(hash >> 32));
  }
  return bands;
}

TEST(BandHashes, AreThoseOfTheirDefinition) {
  std::mt19937 random(1);
  for (const size_t count : {0, 1, 2, 7, 9, 60, 128}) {
    std::vector<uint32_t> words(count);
    for (uint32_t& word : words) word = static_cast<uint32_t>(random());
    const auto bands = BandHashes(words);
    EXPECT_EQ(std::vector(bands.begin(), bands.end()), PlainBandHashes(words)) << count << " words";
  }
}

/// The share of pairs of random sets, of which `common` of `words` elements are in both, that agree in a band.
double ShareOfCandidates(size_t words, size_t common) {
  std::mt19937 random(2);
  constexpr int kPairs = 4000;
  int candidates = 0;
  for (int pair = 0; pair < kPairs; ++pair) {
    std::vector<uint32_t> a, b;
    for (size_t i = 0; i < words; ++i) {
      a.push_back(static_cast<uint32_t>(random()));
      b.push_back(i < common ? a.back() : static_cast<uint32_t>(random()));
    }
    const auto of_a = BandHashes(a), of_b = BandHashes(b);
    candidates += std::ranges::mismatch(of_a, of_b, std::not_equal_to()).in1 != of_a.end() ? 1 : 0;
  }
  return static_cast<double>(candidates) / kPairs;
}

TEST(BandHashes, AgreeAsOftenAsTheTheoryOfMinHashSays) {
  EXPECT_NEAR(ShareOfCandidates(20, 17), .972, .015);  // 1 - (1 - s^6)^20 with s = 17/23
  EXPECT_NEAR(ShareOfCandidates(20, 10), .027, .015);  // s = 10/30
}

}  // namespace
}  // namespace winnow
