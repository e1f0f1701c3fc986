// Integer products where the one instruction for them multiplies 16-bit numbers and adds neighbours: WebAssembly's
// i32x4.dot_i16x8_s. For Highway's dynamic dispatch: included once for each instruction set.
//
// The rows are widened to 16 bits once per product, and laid side by side in tiles of four:
//
//   four k of the inputs:   row 0: x0 x1 x2 x3   row 1: x0 x1 x2 x3   row 2 ...   row 3 ...     32 bytes
//
// so that a tile is read from one address that only grows. A step takes one four of four outputs, which lie side by
// side in packed weights (16 bytes), widens them into two vectors, and multiplies each with each row's four, twice in a
// vector:
//
//   weights  o0: w0 w1 w2 w3  o1: w0 w1 w2 w3        row  x0 x1 x2 x3 x0 x1 x2 x3
//   sums     o0: x0w0+x1w1, x2w2+x3w3, o1: the same
//
// The two sums of an output are added when all fours are done. 2 * 255 * 128 fits 32 bits, as do sums of
// kMaxByteInputs.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/packed_matmul.h"

#if defined(WINNOW_WIDENED_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_WIDENED_SUMS_INL_H_
#undef WINNOW_WIDENED_SUMS_INL_H_
#else
#define WINNOW_WIDENED_SUMS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_EMU128
#define WINNOW_HAS_WIDENED_SUMS 1

constexpr size_t kWidenedTile = 4;      // rows side by side
constexpr size_t kWidenedColumns = 16;  // outputs of a group of packed weights

using Wide32 = hn::FixedTag<int32_t, 4>;
using Wide16 = hn::FixedTag<int16_t, 8>;
using Wide8 = hn::FixedTag<int8_t, 8>;

/// Widens rows of fours * 4 bytes, `stride` bytes apart, to tiles [rows / 4, rounded up][fours][4][4]. Rows that fill
/// up the last tile are zeros.
HWY_NOINLINE void WidenRows(size_t rows, size_t fours, const uint8_t* HWY_RESTRICT x, size_t stride,
                            int16_t* HWY_RESTRICT tiles) {
  const hn::FixedTag<uint8_t, 8> bytes;
  const hn::FixedTag<int16_t, 4> half;
  for (size_t r = 0; r < hwy::RoundUpTo(rows, kWidenedTile); ++r) {
    int16_t* to = tiles + (r / kWidenedTile * fours * kWidenedTile + r % kWidenedTile) * 4;
    const uint8_t* from = x + r * stride;
    size_t k = 0;
    if (r >= rows) {
      for (; k < fours; ++k, to += 4 * kWidenedTile) std::memset(to, 0, 4 * sizeof(int16_t));
      continue;
    }
    for (; k + 2 <= fours; k += 2, from += 8, to += 8 * kWidenedTile) {
      const auto two = hn::PromoteTo(Wide16(), hn::LoadU(bytes, from));
      hn::StoreU(hn::LowerHalf(half, two), half, to);
      hn::StoreU(hn::UpperHalf(half, two), half, to + 4 * kWidenedTile);
    }
    for (size_t i = 0; k < fours && i < 4; ++i) to[i] = from[i];
  }
}

/// sums[r, c] of kRows rows of a tile and four outputs; rows of sums are kWidenedColumns apart. `w` is the place of the
/// outputs in the first four of their group.
template <size_t kRows>
HWY_NOINLINE void WidenedSums(const int16_t* HWY_RESTRICT x, size_t fours, const int8_t* HWY_RESTRICT w,
                              int32_t* HWY_RESTRICT sums) {
  const Wide32 d32;
  const Wide16 d16;
  const hn::FixedTag<uint64_t, 2> d64;
  using V32 = hn::Vec<Wide32>;
  V32 sum[kRows][2], more[kRows][2];  // `more` stays zero where the instruction adds neighbours
  HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(2) for (size_t v = 0; v < 2; ++v) sum[r][v] = more[r][v] = hn::Zero(d32);
  }
  HWY_UNROLL(2) for (size_t k = 0; k < fours; ++k, x += 4 * kWidenedTile, w += 4 * kBytesTogether) {
    const auto w0 = hn::PromoteTo(d16, hn::LoadU(Wide8(), w)), w1 = hn::PromoteTo(d16, hn::LoadU(Wide8(), w + 8));
    HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
      uint64_t four;
      std::memcpy(&four, x + 4 * r, sizeof four);
      const auto row = hn::BitCast(d16, hn::Set(d64, four));
      sum[r][0] = hn::ReorderWidenMulAccumulate(d32, row, w0, sum[r][0], more[r][0]);
      sum[r][1] = hn::ReorderWidenMulAccumulate(d32, row, w1, sum[r][1], more[r][1]);
    }
  }
  HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
    const V32 low = hn::RearrangeToOddPlusEven(sum[r][0], more[r][0]);
    const V32 high = hn::RearrangeToOddPlusEven(sum[r][1], more[r][1]);
    hn::StoreU(hn::Add(hn::ConcatEven(d32, high, low), hn::ConcatOdd(d32, high, low)), d32, sums + r * kWidenedColumns);
  }
}

/// sums [rows, kWidenedColumns] of tiles that WidenRows made with a group of packed weights.
HWY_NOINLINE void WidenedGroupSums(size_t rows, size_t fours, const int16_t* tiles, const int8_t* group,
                                   int32_t* sums) {
  for (size_t column = 0; column < kWidenedColumns; column += 4) {
    const int8_t* w = group + (column / kBytesTogether * fours * kBytesTogether + column % kBytesTogether) * 4;
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
      WidenedSums<4>(tiles + row * fours * 4, fours, w, sums + row * kWidenedColumns + column);
    }
    const int16_t* rest = tiles + row * fours * 4;
    int32_t* to = sums + row * kWidenedColumns + column;
    if (rows - row == 3) WidenedSums<3>(rest, fours, w, to);
    if (rows - row == 2) WidenedSums<2>(rest, fours, w, to);
    if (rows - row == 1) WidenedSums<1>(rest, fours, w, to);
  }
}

#else
#define WINNOW_HAS_WIDENED_SUMS 0
#endif

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif
