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
