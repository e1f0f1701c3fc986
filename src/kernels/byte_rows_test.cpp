#include "kernels/byte_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/reference/byte_rows.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Quantized {
  std::vector<uint8_t> bytes;
  std::vector<ByteScale> scales;
};

Quantized Quantize(size_t rows, size_t n, const std::vector<float>& values) {
  Quantized q{std::vector<uint8_t>(rows * ByteStride(n) + 1, 77), std::vector<ByteScale>(rows)};
  QuantizeRows(rows, n, values.data(), q.bytes.data(), q.scales.data());
  EXPECT_EQ(q.bytes.back(), 77) << "wrote past the end";
  return q;
}

TEST(ByteRows, EqualTheReferenceForEverySize) {
  constexpr size_t kRows = 3;
  for (const size_t n : SweepSizes()) {
    for (const double offset : {0.0, 5.0, -5.0}) {  // of both signs, and of one
      std::vector<float> values = RandomFloats(kRows * n, n, 2.0);
      for (float& v : values) v += static_cast<float>(offset);
      const Quantized q = Quantize(kRows, n, values);
      for (size_t r = 0; r < kRows; ++r) {
        std::vector<uint8_t> expected(n);
        ByteScale scale;
        reference::QuantizeRow(n, values.data() + r * n, expected.data(), &scale);
        ASSERT_EQ(q.scales[r].scale, scale.scale) << n;
        ASSERT_EQ(q.scales[r].zero, scale.zero) << n;
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), q.bytes.data() + r * ByteStride(n))) << n;
        for (size_t i = n; i < ByteStride(n); ++i) ASSERT_EQ(q.bytes[r * ByteStride(n) + i], scale.zero);
      }
    }
  }
}

TEST(ByteRows, AreOffByHalfAStepAtMost) {
  for (const double spread : {1e-25, 1e-3, 1.0, 1e6, 1e30}) {
    const std::vector<float> values = RandomFloats(500, 9, spread);
    const Quantized q = Quantize(1, 500, values);
    for (size_t i = 0; i < 500; ++i) {
      const double back = static_cast<double>(q.scales[0].scale) * (q.bytes[i] - q.scales[0].zero);
      ASSERT_NEAR(back, values[i], 0.5001 * static_cast<double>(q.scales[0].scale)) << spread;
    }
  }
}

TEST(ByteRows, ZeroStaysZero) {
  std::vector<float> values = RandomFloats(40, 3);
  values[7] = values[39] = 0;
  const Quantized q = Quantize(1, 40, values);
  EXPECT_EQ(q.bytes[7], q.scales[0].zero);
  EXPECT_EQ(q.bytes[39], q.scales[0].zero);
}

TEST(ByteRows, RowsWithoutARangeAreZeros) {
  const Quantized zeros = Quantize(1, 20, std::vector<float>(20, 0.0f));
  EXPECT_EQ(zeros.scales[0].scale, 1.0f);
  EXPECT_EQ(zeros.scales[0].zero, 0);
  EXPECT_TRUE(std::all_of(zeros.bytes.begin(), zeros.bytes.begin() + 20, [](uint8_t b) { return b == 0; }));
  const Quantized tiny = Quantize(1, 20, std::vector<float>(20, 1e-35f));
  EXPECT_EQ(tiny.bytes[3], 0);
}

TEST(ByteRows, LargestAndLeastKeepTheirPlaces) {
  std::vector<float> values(33, 0.25f);
  values[31] = -1.0f;
  values[32] = 3.0f;
  const Quantized q = Quantize(1, 33, values);
  EXPECT_EQ(*std::max_element(q.bytes.begin(), q.bytes.begin() + 33), q.bytes[32]);
  EXPECT_EQ(*std::min_element(q.bytes.begin(), q.bytes.begin() + 33), q.bytes[31]);
  EXPECT_GE(q.bytes[32], 254);
  EXPECT_LE(q.bytes[31], 1);
}

}  // namespace
}  // namespace winnow
