// The order in which packed_matmul.cpp reads weights.
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

constexpr size_t kPackedTogether = 16;

}  // namespace

Result<PackedWeights> PackedWeights::OfBytes(size_t out, size_t in, std::span<const int8_t> values,
                                             std::span<const float> scales) {
  if (in > kMaxByteInputs) {
    return Fail(ErrorCode::kInvalidModel,
                "INT8 weights with " + std::to_string(in) +
                    " inputs are not supported, because sums could exceed 32 bits; the limit is " +
                    std::to_string(kMaxByteInputs) + " inputs");
  }
  PackedWeights packed;
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
  if (out % kPackedTogether != 0 || in != 4 * fours) packed.bytes_.Zero();
  std::ranges::copy(scales.first(out), packed.scales_.data());
  for (size_t o = 0; o < out; ++o) {
    const int8_t* from = values.data() + o * in;
    int8_t* to = packed.bytes_.data() + (o / kBytesTogether * fours * kBytesTogether + o % kBytesTogether) * 4;
    int32_t sum = 0;
    for (size_t i = 0; i < in; ++i) sum += from[i];
    packed.totals_.data()[o] = scales[o] * static_cast<float>(sum);
    for (size_t k = 0; k < in / 4; ++k) std::memcpy(to + k * 4 * kBytesTogether, from + 4 * k, 4);
    std::memcpy(to + in / 4 * 4 * kBytesTogether, from + in / 4 * 4, in % 4);
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
