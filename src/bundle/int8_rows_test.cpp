#include "bundle/int8_rows.h"

#include <gmock/gmock.h>

#include <array>
#include <limits>

namespace winnow {
namespace {

using testing::ElementsAre;

TEST(Int8Rows, EachRowHasItsOwnScale) {
  const std::array<float, 6> values = {1.27f, -0.5f, 0.01f, 254.0f, 3.0f, -254.0f};
  std::array<int8_t, 6> bytes;
  std::array<float, 2> scales;
  RoundRowsToInt8(2, 3, values.data(), bytes.data(), scales.data());
  EXPECT_FLOAT_EQ(scales[0], 0.01f);
  EXPECT_FLOAT_EQ(scales[1], 2.0f);
  EXPECT_THAT(bytes, ElementsAre(127, -50, 1, 127, 2 /* 1.5, ties to even */, -127));
}

TEST(Int8Rows, RowsOfNothingBecomeZeros) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  const std::array<float, 4> values = {0.0f, -0.0f, tiny, -tiny};
  std::array<int8_t, 4> bytes;
  std::array<float, 2> scales;
  RoundRowsToInt8(2, 2, values.data(), bytes.data(), scales.data());
  EXPECT_THAT(scales, ElementsAre(1.0f, 1.0f));
  EXPECT_THAT(bytes, ElementsAre(0, 0, 0, 0));
}

TEST(Int8Rows, LargestFloatsStayInRange) {
  const float most = std::numeric_limits<float>::max();
  const std::array<float, 3> values = {most, -most, most / 4};
  std::array<int8_t, 3> bytes;
  float scale;
  RoundRowsToInt8(1, 3, values.data(), bytes.data(), &scale);
  EXPECT_THAT(bytes, ElementsAre(127, -127, 32));
}

}  // namespace
}  // namespace winnow
