#include "kernels/weighted_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/numbers.h"

namespace winnow {
namespace {

TEST(WeightedRows, EqualTheReferenceForEveryWidth) {
  const std::vector<int32_t> rows = {6, 0, 3, 3, 5};
  const std::vector<float> weights = {0.5f, -2.0f, 1.0f, 0.25f, 3.0f};
  for (const size_t width : SweepSizes()) {
    const std::vector<float> matrix = RandomFloats(7 * width, width);
    const std::vector<float> start = RandomFloats(width + 1, width + 1);
    for (size_t n = 0; n <= rows.size(); ++n) {
      std::vector<float> sums = start, expected = start;
      AddWeightedRows(n, rows.data(), weights.data(), matrix.data(), width, sums.data());
      reference::AddWeightedRows(n, rows.data(), weights.data(), matrix.data(), width, expected.data());
      for (size_t c = 0; c < width; ++c) ASSERT_NEAR(sums[c], expected[c], 1e-5) << width << ", " << c;
      ASSERT_EQ(sums[width], start[width]) << "wrote past the end";
    }
  }
}

}  // namespace
}  // namespace winnow
