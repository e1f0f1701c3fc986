// A module for tests: the integer products of the engine against plain sums, on the machine that runs it.
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine_state.h"
#include "kernels/packed_matmul.h"

namespace winnow {
namespace {

/// Numbers that only need to differ (Knuth's MMIX generator).
class Numbers {
 public:
  uint32_t Below(uint32_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33) % bound;
  }

 private:
  uint64_t state_ = 1;
};

/// Returns the number of results of one product that are not exact. Extreme bytes are 0 or 255, extreme weights -128 or
/// 127.
int WrongOf(size_t rows, size_t out, size_t in, bool extreme, Numbers& numbers) {
  std::vector<int8_t> weights(out * in);
  for (int8_t& weight : weights) {
    weight = static_cast<int8_t>(extreme ? 255 * static_cast<int>(numbers.Below(2)) - 128
                                         : static_cast<int>(numbers.Below(256)) - 128);
  }
  const size_t stride = ByteStride(in);
  std::vector<uint8_t> bytes(rows * stride);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(extreme ? 255 * numbers.Below(2) : numbers.Below(256));
  const std::vector<ByteScale> scales(rows, ByteScale{1.0f, 0});
  const auto packed = PackedWeights::OfBytes(out, in, weights, std::vector<float>(out, 1.0f));
  if (!packed) return 1;
  constexpr float kUntouched = 0.5f;
  std::vector<float> results((rows + 1) * out, kUntouched);
  PackedProduct(rows, {.bytes = bytes.data(), .scales = scales.data()}, *packed, 0, out, nullptr, Activation::kIdentity,
                results.data(), out);
  int wrong = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      int32_t sum = 0;
      for (size_t i = 0; i < in; ++i) sum += bytes[r * stride + i] * weights[o * in + i];
      wrong += results[r * out + o] == static_cast<float>(sum) ? 0 : 1;
    }
  }
  for (size_t o = 0; o < out; ++o) wrong += results[rows * out + o] == kUntouched ? 0 : 1;
  return wrong;
}

}  // namespace
}  // namespace winnow

/// Returns the number of wrong results in products of many sizes, or -1 if none was computed.
extern "C" WINNOW_EXPORT(winnow_check_products) int winnow_check_products() {
  winnow::Numbers numbers;
  int wrong = -1;
  for (const size_t rows : {1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 66}) {
    for (const size_t out : {1, 3, 4, 5, 15, 16, 17, 33, 64, 100}) {
      for (const size_t in : {1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 384}) {
        for (const bool extreme : {false, true}) {
          if (wrong < 0) wrong = 0;
          wrong += winnow::WrongOf(rows, out, in, extreme, numbers);
        }
      }
    }
  }
  return wrong;
}
