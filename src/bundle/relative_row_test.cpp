#include "bundle/relative_row.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "support/tiny_config.h"

namespace winnow {
namespace {

struct Sum {
  int buckets, max_distance;
  int64_t sum;
};

TEST(RelativeRow, EqualsThatOfTransformers) {
  // transformers 5.23: sum over distances r = -max-30 ... max+30, the i-th, of (i % 97 + 1) times
  // clamp(make_log_bucket_position(r, buckets, max) + buckets, 0, 2 buckets - 1).
  for (const Sum& expected : {Sum{256, 512, 13651378}, Sum{8, 40, 49908}, Sum{4, 9, 16816}}) {
    const ModelConfig config = DebertaDistances(expected.buckets, expected.max_distance);
    int64_t sum = 0;
    for (int d = -expected.max_distance - 30, i = 0; d <= expected.max_distance + 30; ++d, ++i) {
      sum += RelativeRow(config, d) * (i % 97 + 1);
    }
    EXPECT_EQ(sum, expected.sum) << expected.buckets << " buckets";
  }
  const ModelConfig config = DebertaDistances(256, 512);
  for (const auto& [distance, row] : std::initializer_list<std::pair<int, int>>{
           {-542, 0}, {-388, 26}, {-157, 109}, {-80, 176}, {-3, 253}, {74, 330}, {151, 400}, {305, 464}, {536, 511}}) {
    EXPECT_EQ(RelativeRow(config, distance), row) << distance;
  }
}

TEST(RelativeRow, WithoutBucketsEachDistanceHasItsRow) {
  const ModelConfig config = DebertaDistances(0, 20);
  for (int d = -20; d < 20; ++d) EXPECT_EQ(RelativeRow(config, d), d + 20);
  EXPECT_EQ(RelativeRow(config, 500), 39);
  EXPECT_EQ(RelativeRow(config, -500), 0);
}

/// The first distance of each bucket of one side, by transformers' MPNetEncoder.relative_position_bucket.
TEST(BiasBucket, EqualsTransformers) {
  constexpr int kFirst[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
  for (int distance = 0; distance < 600; ++distance) {
    int bucket = 15;
    while (kFirst[bucket] > distance) --bucket;
    EXPECT_EQ(BiasBucket(-distance), bucket) << distance;
    EXPECT_EQ(BiasBucket(distance), distance == 0 ? 0 : bucket + 16) << distance;
  }
}

}  // namespace
}  // namespace winnow
