#include "base/round_up.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(RoundUp, IsTheLeastMultipleThatIsNotLess) {
  for (const size_t unit : {1, 3, 16, 64}) {
    EXPECT_EQ(RoundUp(0, unit), 0U);
    for (size_t count = 1; count <= 2 * unit + 1; ++count) {
      const size_t rounded = RoundUp(count, unit);
      EXPECT_EQ(rounded % unit, 0U);
      EXPECT_TRUE(rounded >= count && rounded < count + unit) << count << " " << unit;
    }
  }
}

}  // namespace
}  // namespace winnow
