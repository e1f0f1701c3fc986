// The order in which packed_matmul.cpp reads weights.
#ifdef __wasm__
#include <wasm_simd128.h>
#endif

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/bf16.h"
#include "kernels/isa.h"
#include "kernels/packed_matmul.h"
#include "kernels/tiles.h"

namespace winnow {
namespace {

#ifdef __wasm__
/// Packs whole vectors of four rows: transposes of four by four fours. Returns the number of inputs packed.
size_t PackByVectors(const int8_t* const* rows, size_t in, int8_t* to) {
  static_assert(kBytesTogether == 4);
  size_t i = 0;
  for (; i + 16 <= in; i += 16, to += 64) {
    const v128_t a = wasm_v128_load(rows[0] + i), b = wasm_v128_load(rows[1] + i);
    const v128_t c = wasm_v128_load(rows[2] + i), d = wasm_v128_load(rows[3] + i);
    const v128_t low_ab = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), high_ab = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
    const v128_t low_cd = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), high_cd = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
    wasm_v128_store(to, wasm_i64x2_shuffle(low_ab, low_cd, 0, 2));
    wasm_v128_store(to + 16, wasm_i64x2_shuffle(low_ab, low_cd, 1, 3));
    wasm_v128_store(to + 32, wasm_i64x2_shuffle(high_ab, high_cd, 0, 2));
    wasm_v128_store(to + 48, wasm_i64x2_shuffle(high_ab, high_cd, 1, 3));
  }
  return i;
}
#endif

constexpr size_t kPackedTogether = 16;

int32_t Sum(const int8_t* row, size_t in) {
  int32_t sum = 0;
  for (size_t i = 0; i < in; ++i) sum += row[i];
  return sum;
}

/// Interleaves rows in fours of bytes, kBytesTogether of them side by side.
void PackTogether(std::span<const int8_t* const> rows, size_t in, int8_t* to) {
  size_t packed = 0;  // inputs of all rows
#ifdef __wasm__
  if (rows.size() == kBytesTogether && std::ranges::find(rows, nullptr) == rows.end()) {
    packed = PackByVectors(rows.data(), in, to);
  }
#endif
  for (size_t t = 0; t < rows.size(); ++t) {
    if (rows[t] == nullptr) continue;
    for (size_t i = packed; i < in; i += 4) {
      std::memcpy(to + (i * kBytesTogether + 4 * t), rows[t] + i, std::min<size_t>(4, in - i));
    }
  }
}

}  // namespace

Result<PackedWeights> PackedWeights::OfBytes(size_t out, size_t in, std::span<const int8_t> values,
                                             std::span<const float> scales) {
  std::vector<const int8_t*> rows(out);
  for (size_t o = 0; o < out; ++o) rows[o] = values.data() + o * in;
  return OfRows(rows, in, scales);
}

Result<PackedWeights> PackedWeights::OfRows(std::span<const int8_t* const> rows, size_t in,
                                            std::span<const float> scales) {
  if (in > kMaxByteInputs) {
    return Fail(ErrorCode::kInvalidModel,
                "INT8 weights with " + std::to_string(in) +
                    " inputs are not supported, because sums could exceed 32 bits; the limit is " +
                    std::to_string(kMaxByteInputs) + " inputs");
  }
  PackedWeights packed;
  const size_t out = rows.size();
  packed.out_ = out;
  packed.in_ = in;
  const size_t groups = (out + kPackedTogether - 1) / kPackedTogether;
  packed.for_tiles_ = ActiveTiles() != nullptr;
  const size_t fours = packed.for_tiles_ ? ByteStride(in) / 4 : (in + 3) / 4;
  packed.fours_ = fours;
  packed.bytes_.Resize(groups * fours * 4 * kPackedTogether);
  packed.scales_.Resize(groups * kPackedTogether);
  packed.totals_.Resize(groups * kPackedTogether);
  packed.scales_.Fill(1.0f);
  packed.totals_.Zero();
  const bool whole = std::ranges::find(rows, nullptr) == rows.end();
  if (out % kPackedTogether != 0 || in != 4 * fours || !whole) packed.bytes_.Zero();
  std::ranges::copy(scales.first(out), packed.scales_.data());
  for (size_t o = 0; o < out; o += kBytesTogether) {
    const auto together = rows.subspan(o, std::min(kBytesTogether, out - o));
    PackTogether(together, in, packed.bytes_.data() + o * fours * 4);
    for (size_t t = 0; t < together.size(); ++t) {
      if (together[t] != nullptr)
        packed.totals_.data()[o + t] = scales[o + t] * static_cast<float>(Sum(together[t], in));
    }
  }
  if (ActiveIsa() == Isa::kAvx2 && !packed.for_tiles_) packed.pairs_ = PairWeights(groups, fours, packed.bytes_.data());
  return packed;
}

PackedWeights PackedWeights::OfFloats(size_t out, size_t in, std::span<const float> values) {
  PackedWeights packed;
  packed.out_ = out;
  packed.in_ = in;
  packed.of_bytes_ = false;
  const size_t groups = (out + kPackedTogether - 1) / kPackedTogether;
  packed.floats_.Resize(groups * in * kPackedTogether);
  if (out % kPackedTogether != 0) packed.floats_.Zero();
  std::vector<uint16_t> row(in);
  for (size_t o = 0; o < out; ++o) {
    uint16_t* to = packed.floats_.data() + o / kPackedTogether * in * kPackedTogether + o % kPackedTogether;
    RoundToBf16(in, values.data() + o * in, row.data());
    for (size_t i = 0; i < in; ++i) to[i * kPackedTogether] = row[i];
  }
  return packed;
}

}  // namespace winnow
