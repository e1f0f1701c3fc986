#include "encoder/relative_positions.h"

#include <gtest/gtest.h>

#include "support/tiny_config.h"

namespace winnow {
namespace {

TEST(RelativePositions, ColumnsAreNeighboursUpToTheLinearDistance) {
  for (const ModelConfig& config : {DebertaDistances(256, 512), DebertaDistances(8, 40), DebertaDistances(0, 20)}) {
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
