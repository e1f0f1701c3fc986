#include "kernels/weighted_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/reference/weighted_rows.h"
#include "support/numbers.h"

namespace winnow {
namespace {

TEST(WeightedRows, EqualTheReferenceForEveryWidth) {
  std::vector<int32_t> rows = {6, 0, 3, 3, 5};
  while (rows.size() < 130) rows.push_back(static_cast<int32_t>(rows.size() % 7));
  const std::vector<float> weights = RandomFloats(rows.size(), 1);
  for (const size_t width : SweepSizes()) {
    const std::vector<float> matrix = RandomFloats(7 * width, width);
    const std::vector<float> start = RandomFloats(width + 1, width + 1);
    for (const size_t n : {0u, 1u, 5u, 63u, 64u, 65u, 130u}) {
      std::vector<float> sums = start, expected = start;
      AddWeightedRows(n, rows.data(), weights.data(), matrix.data(), width, sums.data());
      reference::AddWeightedRows(n, rows.data(), weights.data(), matrix.data(), width, expected.data());
      for (size_t c = 0; c < width; ++c) ASSERT_NEAR(sums[c], expected[c], 2e-5) << width << ", " << c;
      ASSERT_EQ(sums[width], start[width]) << "wrote past the end";
    }
  }
}

}  // namespace
}  // namespace winnow
