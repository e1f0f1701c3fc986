// Products of bytes on CPUs with AVX2 but without VNNI, by sums of 16 bits (kernels/pair_weights.h). For Highway's
// dynamic dispatch: included once for each instruction set, of which AVX2 alone has them.
//
// A multiplier instruction of AVX2 computes 32 products of bytes (vpmaddubsw), or 16 of bytes that were widened before.
// Two of the former, and one that widens their sum to 32 bits (vpmaddwd), do the work of four of the latter. A product
// is computed for 16 columns at a time, for a chunk of the inputs whose weights stay in the first-level cache, for 4
// rows. Sums of 32 bits lie in memory between the chunks. At the end the rests of the weights are added for up to 32
// rows at a time.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/byte_rows.h"
#include "kernels/packed_matmul.h"
#include "kernels/product_memory.h"

#if defined(WINNOW_PAIR_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_PAIR_SUMS_INL_H_
#undef WINNOW_PAIR_SUMS_INL_H_
#else
#define WINNOW_PAIR_SUMS_INL_H_
#endif

#if HWY_TARGET == HWY_AVX2
HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

constexpr size_t kPairColumns = 16;                   // that are computed together
constexpr size_t kChunkBlocks = 48;                   // blocks are of two groups of four inputs
constexpr size_t kBlockBytes = 2 * 4 * kPairColumns;  // weights of a block
constexpr size_t kFourBytes = 4 * kInterleavedRows;   // interleaved bytes of four inputs

HWY_INLINE __m256i LoadBits(const void* p) { return _mm256_load_si256(static_cast<const __m256i*>(p)); }
HWY_INLINE void StoreBits(__m256i v, void* p) { _mm256_store_si256(static_cast<__m256i*>(p), v); }

HWY_INLINE __m256i BroadcastFour(const void* p) {
  int32_t four;
  std::memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}

/// Keeps the compiler from adding in another order, which takes more registers than there are.
HWY_INLINE __m256i InOrder(__m256i sum) {
  asm("" : "+x"(sum));
  return sum;
}

/// Turns columns into rows, for 8 vectors of 8 numbers of 32 bits.
HWY_INLINE void Transpose8(__m256i (&v)[8]) {
  __m256i pairs[8], fours[8];
  HWY_UNROLL(4) for (size_t i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
  }
  HWY_UNROLL(2) for (size_t i = 0; i < 8; i += 4) {
    HWY_UNROLL(2) for (size_t j = 0; j < 2; ++j) {
      fours[i + 2 * j] = _mm256_unpacklo_epi64(pairs[i + j], pairs[i + j + 2]);
      fours[i + 2 * j + 1] = _mm256_unpackhi_epi64(pairs[i + j], pairs[i + j + 2]);
    }
  }
  HWY_UNROLL(4) for (size_t i = 0; i < 4; ++i) {
    v[i] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
    v[i + 4] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
  }
}

/// Copies rows of bytes to tiles [ceil(rows/8)][fours][8][4], with zeros in place of missing rows. A tile is
/// `tile_bytes` long, enough for whole groups of 32 inputs.
inline void InterleaveRows(size_t rows, size_t stride, size_t tile_bytes, const uint8_t* x, uint8_t* tiles) {
  for (size_t row = 0; row < rows; row += kInterleavedRows, tiles += tile_bytes) {
    const size_t count = std::min(kInterleavedRows, rows - row);
    for (size_t at = 0; at < tile_bytes; at += 256) {
      __m256i v[8];
      for (size_t r = 0; r < 8; ++r) {
        const void* const from = x + (row + r) * stride + at / 8;
        v[r] = r < count ? _mm256_loadu_si256(static_cast<const __m256i*>(from)) : _mm256_setzero_si256();
      }
      Transpose8(v);
      for (size_t i = 0; i < 8; ++i) StoreBits(v[i], tiles + at + 32 * i);
    }
  }
}

/// Computes bases [blocks][16][2], what a sum of 16 bits begins with: -128 times the sum of its weights; and adds 128
/// times all weights of a column to totals [16]. Fetches the weights at `ahead` into the second-level cache meanwhile.
inline void WriteBases(const int8_t* w, const int8_t* ahead, size_t blocks, int16_t* bases, int32_t* totals) {
  const __m256i bytes_of_one = _mm256_set1_epi8(1);
  const __m256i factor = _mm256_set1_epi16(128);
  __m256i total[2] = {LoadBits(totals), LoadBits(totals + 8)};
  for (size_t b = 0; b < blocks; ++b, w += kBlockBytes, ahead += kBlockBytes, bases += 2 * kPairColumns) {
    __builtin_prefetch(ahead, 0, 2);
    __builtin_prefetch(ahead + 64, 0, 2);
    for (size_t v = 0; v < 2; ++v) {
      const __m256i sum = _mm256_add_epi16(_mm256_maddubs_epi16(bytes_of_one, LoadBits(w + 32 * v)),
                                           _mm256_maddubs_epi16(bytes_of_one, LoadBits(w + 32 * v + kBlockBytes / 2)));
      total[v] = _mm256_add_epi32(total[v], _mm256_madd_epi16(sum, factor));
      StoreBits(_mm256_sub_epi16(_mm256_setzero_si256(), _mm256_slli_epi16(sum, 7)), bases + 16 * v);
    }
  }
  StoreBits(total[0], totals);
  StoreBits(total[1], totals + 8);
}

/// Adds a chunk's products to sums [kRows][16]; x points to the first of the rows in its tile. `last_four`: a group of
/// four inputs follows the blocks, because the number of these groups is odd.
template <size_t kRows>
void AddBlocks(const uint8_t* HWY_RESTRICT x, const int8_t* HWY_RESTRICT w, size_t blocks, bool last_four,
               const int16_t* HWY_RESTRICT bases, int32_t* HWY_RESTRICT sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum[kRows][2];
  HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
    sum[r][0] = LoadBits(sums + r * kPairColumns);
    sum[r][1] = LoadBits(sums + r * kPairColumns + 8);
  }
  for (size_t b = 0; b < blocks; ++b, w += kBlockBytes, x += 2 * kFourBytes, bases += 2 * kPairColumns) {
    const __m256i w00 = LoadBits(w), w01 = LoadBits(w + 32), w10 = LoadBits(w + 64), w11 = LoadBits(w + 96);
    HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
      const __m256i x0 = BroadcastFour(x + 4 * r), x1 = BroadcastFour(x + kFourBytes + 4 * r);
      __m256i s0 = InOrder(_mm256_add_epi16(_mm256_maddubs_epi16(x0, w00), LoadBits(bases)));
      __m256i s1 = InOrder(_mm256_add_epi16(_mm256_maddubs_epi16(x0, w01), LoadBits(bases + 16)));
      s0 = InOrder(_mm256_add_epi16(s0, _mm256_maddubs_epi16(x1, w10)));
      s1 = InOrder(_mm256_add_epi16(s1, _mm256_maddubs_epi16(x1, w11)));
      sum[r][0] = InOrder(_mm256_add_epi32(sum[r][0], _mm256_madd_epi16(s0, ones)));
      sum[r][1] = InOrder(_mm256_add_epi32(sum[r][1], _mm256_madd_epi16(s1, ones)));
    }
  }
  if (last_four) {
    const __m256i w0 = LoadBits(w), w1 = LoadBits(w + 32);
    for (size_t r = 0; r < kRows; ++r) {
      const __m256i four = BroadcastFour(x + 4 * r);
      sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(_mm256_maddubs_epi16(four, w0), ones));
      sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(_mm256_maddubs_epi16(four, w1), ones));
    }
  }
  HWY_UNROLL(4) for (size_t r = 0; r < kRows; ++r) {
    StoreBits(sum[r][0], sums + r * kPairColumns);
    StoreBits(sum[r][1], sums + r * kPairColumns + 8);
  }
}

/// Adds the products of kTiles tiles with the rests of 16 columns, and `totals`, to sums [kTiles * 8][16].
template <size_t kTiles>
void AddRests(const uint8_t* HWY_RESTRICT tiles, size_t tile_bytes, std::span<const WeightRest> rests,
              const int32_t* HWY_RESTRICT totals, int32_t* HWY_RESTRICT sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  HWY_ALIGN int32_t added[kTiles][kPairColumns][kInterleavedRows] = {};
  for (const WeightRest& rest : rests) {
    const size_t column = rest.place % 32;
    const uint8_t* x = tiles + rest.place / 32 * kFourBytes;
    const __m256i four = BroadcastFour(rest.bytes.data());
    HWY_UNROLL(4) for (size_t t = 0; t < kTiles; ++t) {
      const __m256i product = _mm256_madd_epi16(_mm256_maddubs_epi16(LoadBits(x + t * tile_bytes), four), ones);
      StoreBits(_mm256_add_epi32(LoadBits(added[t][column]), product), added[t][column]);
    }
  }
  for (size_t i = 0; i < kTiles * kPairColumns; i += 8) {
    const size_t tile = i / kPairColumns, column = i % kPairColumns;
    __m256i v[8];
    HWY_UNROLL(8) for (size_t c = 0; c < 8; ++c) v[c] = LoadBits(added[tile][column + c]);
    Transpose8(v);
    const __m256i total = LoadBits(totals + column);
    int32_t* to = sums + tile * kInterleavedRows * kPairColumns + column;
    HWY_UNROLL(8) for (size_t r = 0; r < kInterleavedRows; ++r, to += kPairColumns) {
      StoreBits(_mm256_add_epi32(LoadBits(to), _mm256_add_epi32(v[r], total)), to);
    }
  }
}

/// Computes sums [rows, rounded up to a multiple of 8][16]: products of at most kPairRows interleaved rows with a group
/// of columns.
inline void PairSums(const PackedWeights& weights, size_t group, size_t rows, size_t tile_bytes, const uint8_t* tiles,
                     int32_t* sums) {
  const size_t fours = (weights.in() + 3) / 4;
  const int8_t* const w = weights.bytes() + group * fours * 4 * kPairColumns;
  HWY_ALIGN int16_t bases[kChunkBlocks * 2 * kPairColumns];
  HWY_ALIGN int32_t totals[kPairColumns] = {};
  std::memset(sums, 0, hwy::RoundUpTo(rows, kInterleavedRows) * kPairColumns * sizeof(int32_t));
  for (size_t first = 0; first < fours; first += 2 * kChunkBlocks) {
    const size_t count = std::min(2 * kChunkBlocks, fours - first);
    const int8_t* const chunk = w + first * 4 * kPairColumns;
    WriteBases(chunk, chunk + fours * 4 * kPairColumns, count / 2, bases, totals);
    const auto add = [&](auto function, size_t row) {
      const uint8_t* x = tiles + row / kInterleavedRows * tile_bytes + first * kFourBytes + row % kInterleavedRows * 4;
      function(x, chunk, count / 2, count % 2 != 0, bases, sums + row * kPairColumns);
    };
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) add(AddBlocks<4>, row);
    if (rows - row == 3) add(AddBlocks<3>, row);
    if (rows - row == 2) add(AddBlocks<2>, row);
    if (rows - row == 1) add(AddBlocks<1>, row);
  }
  const std::span<const WeightRest> rests = weights.pairs().rests(group);
  const size_t count = hwy::DivCeil(rows, kInterleavedRows);
  constexpr size_t kTileSums = kInterleavedRows * kPairColumns;
  size_t tile = 0;
  const auto add = [&](auto function, size_t taken) {
    function(tiles + tile * tile_bytes, tile_bytes, rests, totals, sums + tile * kTileSums);
    tile += taken;
  };
  while (tile + 4 <= count) add(AddRests<4>, 4);
  if (tile + 2 <= count) add(AddRests<2>, 2);
  if (tile < count) add(AddRests<1>, 1);
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif
#endif
