#include "kernels/packed_matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "kernels/bf16.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/packed_matmul.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Problem {
  size_t rows, out, in;
  std::vector<int8_t> weights{};
  std::vector<float> weight_scales{};
  std::vector<uint8_t> bytes{};
  std::vector<ByteScale> scales{};
  std::vector<float> bias{};
  PackedWeights packed{};

  ProductInput input() const { return {.bytes = bytes.data(), .scales = scales.data()}; }
};

enum class Fill { kRandom, kExtreme };

/// Weights in -127 ... 127 and rows in 0 ... 255; extreme ones are always at the ends of these ranges.
Problem Make(size_t rows, size_t out, size_t in, Fill fill, bool plain_scales) {
  Problem p{.rows = rows, .out = out, .in = in};
  Random random(rows * 31 + out * 7 + in, "packed product");
  p.weights.resize(out * in);
  for (int8_t& w : p.weights) {
    w = static_cast<int8_t>(fill == Fill::kExtreme ? (random.Below(2) == 0 ? -127 : 127)
                                                   : static_cast<int>(random.Below(255)) - 127);
  }
  p.bytes.resize(rows * ByteStride(in));
  for (uint8_t& x : p.bytes) {
    x = static_cast<uint8_t>(fill == Fill::kExtreme ? 255 * random.Below(2) : random.Below(256));
  }
  for (size_t o = 0; o < out; ++o) {
    p.weight_scales.push_back(plain_scales ? 1.0f : static_cast<float>(0.001 + 0.01 * random.Uniform()));
    p.bias.push_back(plain_scales ? 0.0f : static_cast<float>(random.Normal()));
  }
  for (size_t r = 0; r < rows; ++r) {
    if (plain_scales) {
      p.scales.push_back({1.0f, 0});
    } else {
      p.scales.push_back(
          {static_cast<float>(0.001 + 0.02 * random.Uniform()), static_cast<int32_t>(random.Below(256))});
    }
  }
  p.packed = PackedWeights::OfBytes(out, in, p.weights, p.weight_scales).value();
  return p;
}

int64_t Sum(const Problem& p, size_t row, size_t o, int32_t zero) {
  return reference::Dot(p.in, p.bytes.data() + row * ByteStride(p.in), zero, p.weights.data() + o * p.in);
}

const std::vector<size_t> kOuts = {1, 2, 15, 16, 17, 33, 63, 64, 65, 100, 128, 151, 200};
const std::vector<size_t> kIns = {1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 312, 384};

TEST(PackedProduct, SumsAreExactForEverySize) {
  for (const size_t out : kOuts) {
    for (const size_t in : kIns) {
      for (const Fill fill : {Fill::kRandom, Fill::kExtreme}) {
        const Problem p = Make(1 + (out + in) % 15, out, in, fill, /*plain_scales=*/true);
        GuardedFloats y(p.rows * out);
        PackedProduct(p.rows, p.input(), p.packed, 0, out, nullptr, Activation::kIdentity, y.data(), out);
        ASSERT_TRUE(y.intact());
        for (size_t r = 0; r < p.rows; ++r) {
          for (size_t o = 0; o < out; ++o) {
            ASSERT_EQ(y[r * out + o], static_cast<float>(Sum(p, r, o, 0))) << out << " " << in << " " << r << " " << o;
          }
        }
      }
    }
  }
}

// The worst that can meet: 255 and 127 everywhere, over the widest input that is accepted, of either sign. Partial sums
// of 16 bits would saturate at once, sums of 32 bits have 1 % left.
TEST(PackedProduct, ExtremesOfEveryWidthDoNotSaturate) {
  for (const size_t in : {size_t{2}, size_t{64}, size_t{1536}, size_t{4096}, kMaxByteInputs}) {
    for (const int weight : {-127, 127}) {
      const std::vector<int8_t> weights(17 * in, static_cast<int8_t>(weight));
      const std::vector<float> scales(17, 1.0f);
      const PackedWeights packed = PackedWeights::OfBytes(17, in, weights, scales).value();
      const std::vector<uint8_t> bytes(7 * ByteStride(in), 255);
      const std::vector<ByteScale> row_scales(7, ByteScale{1.0f, 0});
      GuardedFloats y(7 * 17);
      PackedProduct(7, {.bytes = bytes.data(), .scales = row_scales.data()}, packed, 0, 17, nullptr,
                    Activation::kIdentity, y.data(), 17);
      for (size_t i = 0; i < 7 * 17; ++i) {
        ASSERT_EQ(y[i], static_cast<float>(int64_t{255} * weight * static_cast<int64_t>(in))) << in;
      }
    }
  }
}

// Weights of both signs, where the row has its largest bytes at those of one sign and zeros at the others, for numbers
// of rows and inputs about those that are computed together.
TEST(PackedProduct, ExtremesOfBothSignsDoNotOverflow) {
  for (const size_t in : {size_t{1}, size_t{4}, size_t{9}, size_t{380}, size_t{384}, size_t{388}, size_t{773}}) {
    for (const size_t rows : {size_t{1}, size_t{3}, size_t{4}, size_t{7}, size_t{8}, size_t{15}, size_t{131}}) {
      for (const size_t period : {size_t{1}, size_t{2}, size_t{4}}) {
        constexpr size_t kOut = 33;
        const auto positive = [&](size_t i, size_t o) { return (i / period + o) % 2 == 0; };
        std::vector<int8_t> weights(kOut * in);
        for (size_t i = 0; i < weights.size(); ++i) weights[i] = positive(i % in, i / in) ? 127 : -127;
        const PackedWeights packed = PackedWeights::OfBytes(kOut, in, weights, std::vector<float>(kOut, 1.0f)).value();
        std::vector<uint8_t> bytes(rows * ByteStride(in));
        for (size_t r = 0; r < rows; ++r) {
          for (size_t i = 0; i < in; ++i) bytes[r * ByteStride(in) + i] = positive(i, r) ? 255 : 0;
        }
        const std::vector<ByteScale> scales(rows, ByteScale{1.0f, 0});
        GuardedFloats y(rows * kOut);
        PackedProduct(rows, {.bytes = bytes.data(), .scales = scales.data()}, packed, 0, kOut, nullptr,
                      Activation::kIdentity, y.data(), kOut);
        ASSERT_TRUE(y.intact());
        for (size_t r = 0; r < rows; ++r) {
          for (size_t o = 0; o < kOut; ++o) {
            const int64_t sum = reference::Dot(in, bytes.data() + r * ByteStride(in), 0, weights.data() + o * in);
            ASSERT_EQ(y[r * kOut + o], static_cast<float>(sum)) << in << " " << rows << " " << period;
          }
        }
      }
    }
  }
}

TEST(PackedWeights, RowsMayLieAnywhereAndMissingOnesAreZeros) {
  for (const size_t in : {size_t{3}, size_t{16}, size_t{37}}) {
    constexpr size_t kOut = 21, kRows = 5;
    std::vector<int8_t> values(kOut * in), without(values.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int8_t>(static_cast<int>(i * 37 % 255) - 127);
    std::vector<const int8_t*> rows(kOut);
    for (size_t o = 0; o < kOut; ++o) {
      if (o % 5 == 2) continue;
      rows[o] = values.data() + (kOut - 1 - o) * in;  // in reverse
      std::copy_n(rows[o], in, without.data() + o * in);
    }
    const std::vector<float> scales(kOut, 0.5f);
    const PackedWeights expected = PackedWeights::OfBytes(kOut, in, without, scales).value();
    const PackedWeights packed = PackedWeights::OfRows(rows, in, scales).value();
    const std::vector<uint8_t> bytes(kRows * ByteStride(in), 200);
    const std::vector<ByteScale> row_scales(kRows, ByteScale{1.0f, 3});
    const ProductInput x{.bytes = bytes.data(), .scales = row_scales.data()};
    std::vector<float> y(kRows * kOut), z(kRows * kOut);
    PackedProduct(kRows, x, packed, 0, kOut, nullptr, Activation::kIdentity, y.data(), kOut);
    PackedProduct(kRows, x, expected, 0, kOut, nullptr, Activation::kIdentity, z.data(), kOut);
    EXPECT_EQ(y, z) << in;
    EXPECT_EQ(y[2], 0.0f) << in;
  }
}

TEST(PackedProduct, WiderInputsAreRefused) {
  const std::vector<int8_t> weights(kMaxByteInputs + 1);
  const std::vector<float> scale(1, 1.0f);
  const auto packed = PackedWeights::OfBytes(1, kMaxByteInputs + 1, weights, scale);
  ASSERT_FALSE(packed.has_value());
  EXPECT_NE(packed.error().message.find("65537"), std::string::npos);
}

TEST(PackedProduct, ScalesZeroPointsAndBiasFollowTheDefinition) {
  for (const size_t out : kOuts) {
    for (const size_t in : kIns) {
      const Problem p = Make(13, out, in, Fill::kRandom, /*plain_scales=*/false);
      GuardedFloats y(p.rows * out);
      PackedProduct(p.rows, p.input(), p.packed, 0, out, p.bias.data(), Activation::kIdentity, y.data(), out);
      ASSERT_TRUE(y.intact());
      for (size_t r = 0; r < p.rows; ++r) {
        for (size_t o = 0; o < out; ++o) {
          const double scale = static_cast<double>(p.scales[r].scale) * static_cast<double>(p.weight_scales[o]);
          const double expected = scale * static_cast<double>(Sum(p, r, o, p.scales[r].zero)) + p.bias[o];
          // A few roundings of the two halves that are subtracted: of the sum, and of zero times the weights' sum.
          const double size =
              scale * static_cast<double>(std::abs(Sum(p, r, o, 0)) + 255 * 127 * static_cast<int64_t>(in));
          ASSERT_NEAR(y[r * out + o], expected, 4e-7 * size + 1e-6) << out << " " << in;
        }
      }
    }
  }
}

TEST(PackedProduct, DoesNotDependOnRowsNorColumnsOfTheCall) {
  const Problem p = Make(29, 200, 384, Fill::kRandom, false);
  std::vector<float> whole(p.rows * p.out), parts(p.rows * p.out);
  PackedProduct(p.rows, p.input(), p.packed, 0, p.out, p.bias.data(), Activation::kGelu, whole.data(), p.out);
  for (const size_t rows : {size_t{1}, size_t{2}, size_t{3}, size_t{5}, size_t{6}, size_t{7}, size_t{11}}) {
    std::fill(parts.begin(), parts.end(), -1.0f);
    for (size_t first = 0; first < p.out; first += kColumnBlock) {
      for (size_t row = 0; row < p.rows; row += rows) {
        PackedProduct(std::min(rows, p.rows - row), p.input().Row(row, p.in), p.packed, first,
                      std::min(first + kColumnBlock, p.out), p.bias.data(), Activation::kGelu,
                      parts.data() + row * p.out, p.out);
      }
    }
    ASSERT_EQ(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(float)), 0) << rows;
  }
}

TEST(PackedProduct, ActivationsAreCloseToTheirDefinitions) {
  // One input, so that the product can be made to hit any number: y = f(x), x from -12.7 to 12.7 and far out.
  const std::vector<float> scale(1, 1.0f);
  const PackedWeights packed = PackedWeights::OfBytes(1, 1, std::vector<int8_t>{1}, scale).value();
  for (const Activation f :
       {Activation::kIdentity, Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kGeluTanh}) {
    for (const float step : {0.0003f, 0.1f, 10.0f}) {
      for (float bias = -100 * step; bias < 100 * step; bias += step) {
        std::vector<uint8_t> bytes(ByteStride(1), 0);
        bytes[0] = 100;
        const ByteScale row_scale{step, 50};
        float y = 0;
        PackedProduct(1, {.bytes = bytes.data(), .scales = &row_scale}, packed, 0, 1, &bias, f, &y, 1);
        const double x = static_cast<double>(bias) + 50.0 * static_cast<double>(step);
        const double bound = f == Activation::kGelu ? static_cast<double>(kGeluError) : 2e-6;
        ASSERT_NEAR(y, reference::Activate(f, x), bound + 4e-6 * std::abs(x)) << x;
      }
    }
  }
}

TEST(PackedProduct, FloatsAreSummedInDoubleBound) {
  for (const size_t out : {size_t{1}, size_t{16}, size_t{65}, size_t{151}}) {
    for (const size_t in : {size_t{1}, size_t{5}, size_t{64}, size_t{385}}) {
      const size_t rows = 9;
      const std::vector<float> weights = RandomFloats(out * in, 5), x = RandomFloats(rows * in, 6);
      const std::vector<float> bias = RandomFloats(out, 7);
      std::vector<uint16_t> halves(out * in);
      RoundToBf16(out * in, weights.data(), halves.data());
      const PackedWeights packed = PackedWeights::OfFloats(out, in, weights);
      GuardedFloats y(rows * out);
      PackedProduct(rows, {.floats = x.data()}, packed, 0, out, bias.data(), Activation::kIdentity, y.data(), out);
      ASSERT_TRUE(y.intact());
      for (size_t r = 0; r < rows; ++r) {
        for (size_t o = 0; o < out; ++o) {
          double sum = bias[o], size = std::abs(bias[o]);
          for (size_t i = 0; i < in; ++i) {
            const uint32_t bits = static_cast<uint32_t>(halves[o * in + i]) << 16;
            float w;
            std::memcpy(&w, &bits, sizeof w);
            sum += static_cast<double>(w) * static_cast<double>(x[r * in + i]);
            size += std::abs(static_cast<double>(w) * static_cast<double>(x[r * in + i]));
          }
          ASSERT_NEAR(y[r * out + o], sum, 3e-7 * size * std::sqrt(static_cast<double>(in))) << out << " " << in;
        }
      }
    }
  }
}

TEST(Bf16, RoundsToNearestTiesToEven) {
  const std::vector<float> values = {
      1.0f, 1.00390625f /* 1 + 2^-8: a tie, down to even */, 1.01171875f /* up to even */, -2.5f, 0.0f, 1.0040f};
  std::vector<uint16_t> halves(values.size());
  RoundToBf16(values.size(), values.data(), halves.data());
  EXPECT_EQ(halves, (std::vector<uint16_t>{0x3f80, 0x3f80, 0x3f82, 0xc020, 0x0000, 0x3f81}));
}

}  // namespace
}  // namespace winnow
