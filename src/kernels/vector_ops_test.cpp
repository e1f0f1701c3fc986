#include "kernels/vector_ops.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "support/numbers.h"

namespace winnow {
namespace {

TEST(AddTo, AddsEveryElementAndNoMore) {
  for (const size_t n : SweepSizes()) {
    const auto from = RandomFloats(n, 1), to = RandomFloats(n, 2);
    GuardedFloats sum(to);
    AddTo(n, from.data(), sum.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(sum[i], to[i] + from[i]);
    EXPECT_TRUE(sum.intact());
  }
}

TEST(Scale, MultipliesEveryElement) {
  for (const size_t n : SweepSizes()) {
    const auto x = RandomFloats(n, 1);
    GuardedFloats y(x);
    Scale(n, 0.25f, y.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(y[i], x[i] * 0.25f);
    EXPECT_TRUE(y.intact());
  }
}

TEST(SumOfSquares, IsAccurateForEverySize) {
  for (const size_t n : SweepSizes()) {
    const auto x = RandomFloats(n, 1);
    double exact = 0;
    for (const float value : x) exact += static_cast<double>(value) * static_cast<double>(value);
    ASSERT_NEAR(SumOfSquares(n, x.data()) / exact, 1.0, 1e-6) << n;
  }
}

TEST(SumOfSquares, IsAccurateOverTenMillionValues) {
  const auto x = RandomFloats(10'000'019, 1);
  double exact = 0;
  for (const float value : x) exact += static_cast<double>(value) * static_cast<double>(value);
  EXPECT_NEAR(SumOfSquares(x.size(), x.data()) / exact, 1.0, 1e-6);
}

TEST(AllFinite, FindsNanAndInfinityAtEveryPlace) {
  for (const size_t n : SweepSizes()) {
    std::vector<float> x(n, std::numeric_limits<float>::max());
    EXPECT_TRUE(AllFinite(n, x.data()));
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      for (size_t i = 0; i < n; ++i) {
        const float before = std::exchange(x[i], bad);
        ASSERT_FALSE(AllFinite(n, x.data())) << i << " of " << n;
        x[i] = before;
      }
    }
  }
}

TEST(VectorOps, OfNoElementsReadAndWriteNothing) {
  GuardedFloats none(0);
  AddTo(0, nullptr, none.data());
  Scale(0, 2.0f, none.data());
  EXPECT_EQ(SumOfSquares(0, nullptr), 0.0);
  EXPECT_TRUE(AllFinite(0, nullptr));
  EXPECT_TRUE(none.intact());
}

}  // namespace
}  // namespace winnow
