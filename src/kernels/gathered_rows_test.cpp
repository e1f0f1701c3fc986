#include "kernels/gathered_rows.h"

#include <gtest/gtest.h>

#include "kernels/reference/gathered_rows.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Sparse {
  std::vector<int32_t> rows;
  std::vector<float> values;
};

/// `count` of 3 * count + 1 rows, in no order.
Sparse SparseOf(size_t count) {
  Sparse sparse{{}, RandomFloats(count, 7)};
  for (size_t i = 0; i < count; ++i) sparse.rows.push_back(static_cast<int32_t>((i * 5 + 2) % (3 * count + 1)));
  return sparse;
}

constexpr size_t kCounts[] = {0, 1, 2, 7, 40};

TEST(SumRows, EqualsTheReferenceForEveryWidth) {
  for (size_t width = 16; width <= 16 * 14; width += 16) {
    for (const size_t count : kCounts) {
      const auto matrix = RandomFloats((3 * count + 1) * width, 1), start = RandomFloats(width, 2);
      const Sparse sparse = SparseOf(count);
      GuardedFloats sum(width);
      std::vector<float> expected(width);
      SumRows(count, sparse.rows.data(), sparse.values.data(), matrix.data(), width, start.data(), sum.data());
      reference::SumRows(count, sparse.rows.data(), sparse.values.data(), matrix.data(), width, start.data(),
                         expected.data());
      for (size_t k = 0; k < width; ++k) ASSERT_NEAR(sum[k], expected[k], 1e-5f) << width << " " << count;
      EXPECT_TRUE(sum.intact());
    }
  }
}

TEST(SumRows, MayAddToItsStart) {
  const auto matrix = RandomFloats(10 * 32, 1);
  const Sparse sparse = SparseOf(3);
  std::vector<float> sum = RandomFloats(32, 2), expected = sum;
  SumRows(3, sparse.rows.data(), sparse.values.data(), matrix.data(), 32, sum.data(), sum.data());
  reference::SumRows(3, sparse.rows.data(), sparse.values.data(), matrix.data(), 32, expected.data(), expected.data());
  for (size_t k = 0; k < 32; ++k) EXPECT_NEAR(sum[k], expected[k], 1e-6f);
}

TEST(AddToRows, EqualsTheReferenceForEveryWidth) {
  for (size_t width = 16; width <= 16 * 14; width += 16) {
    for (const size_t count : kCounts) {
      const auto before = RandomFloats((3 * count + 1) * width, 1), change = RandomFloats(width, 2);
      const Sparse sparse = SparseOf(count);
      GuardedFloats matrix(before);
      std::vector<float> expected = before;
      AddToRows(count, sparse.rows.data(), sparse.values.data(), change.data(), width, matrix.data());
      reference::AddToRows(count, sparse.rows.data(), sparse.values.data(), change.data(), width, expected.data());
      for (size_t i = 0; i < before.size(); ++i) ASSERT_NEAR(matrix[i], expected[i], 1e-6f) << width << " " << count;
      EXPECT_TRUE(matrix.intact());
    }
  }
}

}  // namespace
}  // namespace winnow
