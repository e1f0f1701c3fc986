#include "kernels/matmul.h"

#include <gtest/gtest.h>

#include <bit>

#include "kernels/bf16.h"
#include "kernels/reference/bf16.h"
#include "kernels/reference/matmul.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Shape {
  size_t m, n, k;
};

/// As bf16 can have them.
std::vector<float> Rounded(std::vector<float> values) {
  for (float& value : values) value = std::bit_cast<float>(uint32_t{reference::RoundToBf16(value)} << 16);
  return values;
}

/// All three forms, with and without what was there before, with odd strides.
void ExpectReferences(const Shape& s, Precision precision) {
  for (const float beta : {0.0f, 1.0f}) {
    for (int form = 0; form < 3; ++form) {
      const bool ta = form == 2, tb = form == 0;
      const size_t lda = (ta ? s.m : s.k) + 3, ldb = (tb ? s.k : s.n) + 1, ldc = s.n + 2;
      auto a = RandomFloats((ta ? s.k : s.m) * lda, 1), b = RandomFloats((tb ? s.n : s.k) * ldb, 2);
      const auto before = RandomFloats(s.m * ldc, 3);
      GuardedFloats c(before);
      std::vector<float> expected = before;
      const auto product = form == 0 ? MatMulNT : form == 1 ? MatMulNN : MatMulTN;
      product(s.m, s.n, s.k, a.data(), lda, b.data(), ldb, beta, c.data(), ldc, precision);
      if (precision == Precision::kBf16) a = Rounded(a), b = Rounded(b);
      reference::MatMul(ta, tb, s.m, s.n, s.k, a.data(), lda, b.data(), ldb, beta, expected.data(), ldc);
      for (size_t i = 0; i < expected.size(); ++i) {
        // k terms of size 1 (products of bf16 are exact), each sum rounded to 6e-8, in whatever order.
        ASSERT_NEAR(c[i], expected[i], 1e-6 * static_cast<double>(s.k) + 1e-6)
            << s.m << "x" << s.n << "x" << s.k << " form " << form << " beta " << beta;
      }
      EXPECT_TRUE(c.intact());
    }
  }
}

TEST(MatMul, EveryFormEqualsTheReferenceWithOddStrides) {
  std::vector<Shape> shapes = {{1, 1152, 384}, {25, 384, 384}, {37, 112, 48}, {100, 24, 312}, {3, 2, 384}};
  for (size_t i = 1; i <= 35; ++i) shapes.push_back({i, 36 - i, (i * 7) % 35 + 1});
  for (const Shape& shape : shapes) ExpectReferences(shape, Precision::kF32);
}

TEST(MatMul, Bf16IsTheProductOfRoundedFactors) {
  if (!IsSupported(Precision::kBf16)) GTEST_SKIP() << "no bf16 products on this CPU";
  std::vector<Shape> shapes = {{1, 1152, 384}, {130, 96, 64}, {400, 40, 312}, {128, 24, 33}, {17, 2, 384}};
  for (size_t i = 1; i <= 35; i += 3) shapes.push_back({i, 36 - i, (i * 7) % 35 + 1});
  for (const Shape& shape : shapes) ExpectReferences(shape, Precision::kBf16);
}

TEST(MatMul, AMeterCountsTheProductsThatItIsPassedTo) {
  MatMulMeter meter;
  const std::vector<float> a(64, 1.0f);
  std::vector<float> c(64);
  MatMulNT(8, 8, 8, a.data(), 8, a.data(), 8, 0.0f, c.data(), 8, {Precision::kF32, &meter});
  MatMulNT(8, 8, 8, a.data(), 8, a.data(), 8, 0.0f, c.data(), 8);
  const MatMulUse use = meter.Take();
  EXPECT_EQ(use.operations, 2 * 8 * 8 * 8);
  EXPECT_GT(use.seconds, 0);
  EXPECT_EQ(meter.Take().operations, 0);
  EXPECT_GT(MeasureMatMul(Precision::kF32, 0.001), 0);
}

TEST(MatMul, AcceptsAProductWithoutRows) {
  float c = 4.0f;
  MatMulNT(0, 1, 5, &c, 5, &c, 5, 0.0f, &c, 1);
  EXPECT_EQ(c, 4.0f);
}

}  // namespace
}  // namespace winnow
