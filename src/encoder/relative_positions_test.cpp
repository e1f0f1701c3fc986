#include "encoder/relative_positions.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

ModelConfig With(int buckets, int max_distance) {
  ModelConfig config;
  config.architecture = Architecture::kDebertaV2;
  config.relative_buckets = buckets;
  config.relative_span = buckets > 0 ? buckets : max_distance;
  config.max_relative_distance = max_distance;
  return config;
}

struct Sum {
  int buckets, max_distance;
  int64_t sum;
};

TEST(RelativePositions, RowsAreThoseOfTransformers) {
  // transformers 5.23: sum over distances r = -max-30 ... max+30, the i-th, of (i % 97 + 1) times
  // clamp(make_log_bucket_position(r, buckets, max) + buckets, 0, 2 buckets - 1).
  for (const Sum& expected : {Sum{256, 512, 13651378}, Sum{8, 40, 49908}, Sum{4, 9, 16816}}) {
    const ModelConfig config = With(expected.buckets, expected.max_distance);
    int64_t sum = 0;
    for (int d = -expected.max_distance - 30, i = 0; d <= expected.max_distance + 30; ++d, ++i) {
      sum += RelativeRow(config, d) * (i % 97 + 1);
    }
    EXPECT_EQ(sum, expected.sum) << expected.buckets << " buckets";
  }
  const ModelConfig config = With(256, 512);
  for (const auto& [distance, row] : std::initializer_list<std::pair<int, int>>{
           {-542, 0}, {-388, 26}, {-157, 109}, {-80, 176}, {-3, 253}, {74, 330}, {151, 400}, {305, 464}, {536, 511}}) {
    EXPECT_EQ(RelativeRow(config, distance), row) << distance;
  }
}

TEST(RelativePositions, WithoutBucketsEachDistanceHasItsRow) {
  const ModelConfig config = With(0, 20);
  for (int d = -20; d < 20; ++d) EXPECT_EQ(RelativeRow(config, d), d + 20);
  EXPECT_EQ(RelativeRow(config, 500), 39);
  EXPECT_EQ(RelativeRow(config, -500), 0);
}

TEST(RelativePositions, ColumnsAreNeighboursUpToTheLinearDistance) {
  for (const ModelConfig& config : {With(256, 512), With(8, 40), With(0, 20)}) {
    for (const size_t longest : {1u, 2u, 5u, 19u, 40u, 600u}) {
      const RelativeColumns columns(config, longest);
      ASSERT_EQ(columns.of_distance.size(), 2 * longest - 1);
      EXPECT_EQ(columns.of_distance.front(), 0);
      EXPECT_EQ(columns.of_distance.back(), static_cast<int>(columns.width) - 1);
      const auto last = static_cast<ptrdiff_t>(longest) - 1;
      const auto linear = static_cast<ptrdiff_t>(columns.linear);
      for (ptrdiff_t d = -last; d < last; ++d) {
        const int step = columns.places().at(d + 1) - columns.places().at(d);
        if (-linear <= d && d < linear) {
          ASSERT_EQ(step, 1) << d << " of " << longest;
        } else {
          ASSERT_TRUE(step == 0 || step == 1) << d << " of " << longest;
        }
      }
    }
  }
}

}  // namespace
}  // namespace winnow
