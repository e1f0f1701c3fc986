#include "kernels/dropout.h"

#include <gtest/gtest.h>

#include "kernels/reference/dropout.h"
#include "support/numbers.h"

namespace winnow {
namespace {

TEST(Dropout, TheMaskIsTheReferencesForEverySize) {
  const Dropout dropout{.key = 3, .probability = 0.4f};
  for (const size_t n : SweepSizes()) {
    const auto x = RandomFloats(5 * n, n);
    GuardedFloats y(x);
    ApplyDropout(dropout, 20, 5, n, y.data());
    for (size_t i = 0; i < 5 * n; ++i) {
      ASSERT_FLOAT_EQ(y[i], x[i] * reference::DropoutFactor(dropout, 20 + i / n, i % n));
    }
    EXPECT_TRUE(y.intact());
  }
}

TEST(Dropout, InactiveLeavesEverythingAsItIs) {
  const auto x = RandomFloats(100, 1);
  std::vector<float> y = x;
  ApplyDropout({}, 0, 10, 10, y.data());
  EXPECT_EQ(x, y);
}

TEST(Dropout, DropsTheShareThatItPromises) {
  for (const float probability : {0.1f, 0.5f, 0.9f}) {
    const Dropout dropout{.key = 11, .probability = probability};
    constexpr int kRows = 400, kColumns = 384;
    int dropped = 0;
    for (int r = 0; r < kRows; ++r) {
      for (size_t c = 0; c < kColumns; ++c)
        dropped += reference::DropoutFactor(dropout, static_cast<uint64_t>(r), c) == 0.0f;
    }
    const double n = kRows * kColumns, p = static_cast<double>(probability);
    EXPECT_NEAR(dropped, n * p, 5 * std::sqrt(n * p * (1 - p)));  // five standard deviations of a binomial
  }
}

TEST(Dropout, RowsColumnsAndKeysAreIndependent) {
  const Dropout one{.key = 11, .probability = 0.5f}, other{.key = 12, .probability = 0.5f};
  const auto kept = [](const Dropout& d, uint64_t row, size_t column) {
    return reference::DropoutFactor(d, row, column) > 0;
  };
  constexpr int kCount = 100000;
  int next_row = 0, next_column = 0, other_key = 0;
  for (int i = 0; i < kCount; ++i) {
    const auto row = static_cast<uint64_t>(i / 384);
    const auto column = static_cast<size_t>(i % 384);
    next_row += kept(one, row, column) == kept(one, row + 1, column);
    next_column += kept(one, row, column) == kept(one, row, column + 1);
    other_key += kept(one, row, column) == kept(other, row, column);
  }
  const double bound = 5 * std::sqrt(kCount * 0.25);  // agreements of independent fair coins
  EXPECT_NEAR(next_row, kCount / 2, bound);
  EXPECT_NEAR(next_column, kCount / 2, bound);
  EXPECT_NEAR(other_key, kCount / 2, bound);
}

}  // namespace
}  // namespace winnow
