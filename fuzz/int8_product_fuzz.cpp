// The integer product of any shape, with any bytes, scales and zero points, compared with one that adds one by one in
// 64 bits; and the quantization of rows, whose values are off by half a step at most.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "input_bytes.h"
#include "kernels/packed_matmul.h"
#include "kernels/reference/packed_matmul.h"

namespace {

/// Bytes that an input of few bytes makes: a pattern that is repeated, or extremes.
template <typename T>
void Fill(winnow::InputBytes& input, std::vector<T>& values, int least, int most) {
  std::vector<int> pattern(1 + input.Below(13));
  const bool extreme = input.Flag();
  for (int& value : pattern) {
    const int byte = input.Byte();
    value = extreme ? (byte % 2 == 0 ? least : most) : std::clamp(byte + least, least, most);
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(pattern[i % pattern.size()]);
}

void CheckProduct(winnow::InputBytes& input) {
  size_t rows = 1 + input.Below(20), out = 1 + input.Below(140), in = 1 + input.Below(200);
  if (input.Below(64) == 63) {  // as wide as inputs may be
    rows = 1 + rows % 2;
    out = 1 + out % 20;
    in = 1 + input.Number(2);
  }
  const size_t first = winnow::kColumnBlock * input.Below(out / winnow::kColumnBlock + 1),
               stride = out + input.Below(5);
  if (first >= out) return;
  std::vector<int8_t> weights(out * in);
  Fill(input, weights, -127, 127);
  std::vector<uint8_t> bytes(rows * winnow::ByteStride(in));
  Fill(input, bytes, 0, 255);
  std::vector<float> weight_scales(out, 1.0f);
  std::vector<winnow::ByteScale> scales(rows);
  for (winnow::ByteScale& scale : scales) scale = {1.0f, static_cast<int32_t>(input.Byte())};
  const auto packed = winnow::PackedWeights::OfBytes(out, in, weights, weight_scales);
  if (!packed) std::abort();
  constexpr float kMark = 12345.675f;
  std::vector<float> y(rows * stride, kMark);
  winnow::PackedProduct(rows, {.bytes = bytes.data(), .scales = scales.data()}, *packed, first, out, nullptr,
                        winnow::Activation::kIdentity, y.data(), stride);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < stride; ++o) {
      const float found = y[r * stride + o];
      if (o < first || o >= out) {
        if (found != kMark) std::abort();
        continue;
      }
      const uint8_t* const row = bytes.data() + r * winnow::ByteStride(in);
      const auto dot = [&](int32_t zero) {
        return static_cast<double>(winnow::reference::Dot(in, row, zero, weights.data() + o * in));
      };
      // Exact where float is; else a few roundings of the two sums that are subtracted.
      const double expected = dot(scales[r].zero), size = std::abs(dot(0)) + 255.0 * 127.0 * static_cast<double>(in);
      const double bound = size < (1 << 24) ? 0 : 4e-7 * size;
      if (!(std::abs(found - expected) <= bound)) std::abort();
    }
  }
}

void CheckRows(winnow::InputBytes& input) {
  const size_t rows = 1 + input.Below(4), n = 1 + input.Below(200);
  std::vector<float> values(rows * n);
  std::vector<float> pattern(1 + input.Below(9));
  const float scale = std::ldexp(1.0f, static_cast<int>(input.Below(200)) - 120);
  for (float& value : pattern)
    value = scale * static_cast<float>(static_cast<int>(input.Byte()) - static_cast<int>(input.Below(200)));
  for (size_t i = 0; i < values.size(); ++i) values[i] = pattern[i % pattern.size()];
  std::vector<uint8_t> bytes(rows * winnow::ByteStride(n));
  std::vector<winnow::ByteScale> scales(rows);
  winnow::QuantizeRows(rows, n, values.data(), bytes.data(), scales.data());
  for (size_t r = 0; r < rows; ++r) {
    if (!(scales[r].scale > 0) || scales[r].zero < 0 || scales[r].zero > 255) std::abort();
    for (size_t i = 0; i < n; ++i) {
      const double step = scales[r].scale;
      const double value = step * (bytes[r * winnow::ByteStride(n) + i] - scales[r].zero);
      if (!(std::abs(value - values[r * n + i]) <= 0.5001 * step)) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  winnow::InputBytes input(data, size);
  for (int rounds = 0; rounds < 4 && !input.empty(); ++rounds) {
    CheckProduct(input);
    CheckRows(input);
  }
  return 0;
}
