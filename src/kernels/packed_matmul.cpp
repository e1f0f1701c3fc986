// A product is computed in tiles, whose sums are in registers (register_sums-inl.h): whole numbers until a tile is
// done; the epilogue reads them back from the first cache, scales them and applies the activation. AVX2 without VNNI
// has a way of its own for many rows (pair_sums-inl.h), with split weights. AMX multiplies whole tiles (tiles.h),
// WebAssembly rows widened once (widened_sums-inl.h).
#include "kernels/packed_matmul.h"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_matmul.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/isa.h"
#include "kernels/lanes-inl.h"
#include "kernels/packed_activations-inl.h"
#include "kernels/pair_sums-inl.h"
#include "kernels/product_memory.h"
#include "kernels/register_sums-inl.h"
#include "kernels/tiles.h"
#include "kernels/widened_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

/// The arguments of one product, the same for all tiles.
struct Job {
  const TileKernel* tiles;
  ProductInput x;
  const PackedWeights* weights;
  const float* bias;
  float* y;
  size_t stride;
};

/// Turns the integer sums of a tile into results: rows row ... row+rows-1, columns first ... first+columns-1.
template <class Function>
HWY_INLINE void Finish(const Job& job, size_t row, size_t rows, size_t first, size_t columns, const int32_t* sums,
                       size_t sums_stride) {
  const float* scales = job.weights->scales() + first;
  const float* totals = job.weights->totals() + first;
  // What is the same for a whole row is made ready once: broadcasts from memory cost nothing.
  float row_scales[kWideRows], least[kWideRows];
  for (size_t r = 0; r < rows; ++r) {
    row_scales[r] = job.x.scales[row + r].scale;
    least[r] = job.x.scales[row + r].least();
  }
  ForLanes(columns, [&](size_t i, auto lanes) {
    const V scale = hn::LoadU(F(), scales + i);  // padded: whole vectors can be read
    const V total = hn::LoadU(F(), totals + i);
    const V bias = job.bias == nullptr ? hn::Zero(F()) : lanes.Load(job.bias + first + i);
    for (size_t r = 0; r < rows; ++r) {
      const V sum = hn::ConvertTo(F(), hn::Load(I(), sums + r * sums_stride + i));
      const V shifted = hn::MulAdd(hn::Set(F(), least[r]), total, bias);
      const V value = hn::MulAdd(sum, hn::Mul(scale, hn::Set(F(), row_scales[r])), shifted);
      lanes.Store(Function::At(value), job.y + (row + r) * job.stride + first + i);
    }
  });
}

template <class Function>
HWY_INLINE void Finish(const Job& job, size_t row, size_t rows, size_t first, size_t columns, const float* sums) {
  ForLanes(columns, [&](size_t i, auto lanes) {
    const V bias = job.bias == nullptr ? hn::Zero(F()) : lanes.Load(job.bias + first + i);
    for (size_t r = 0; r < rows; ++r) {
      const V sum = hn::Load(F(), sums + r * kColumnBlock + i);
      lanes.Store(Function::At(hn::Add(sum, bias)), job.y + (row + r) * job.stride + first + i);
    }
  });
}

/// Adds the products with the rests of the weights, which are split, to sums[kRows, kColumnBlock].
template <size_t kRows>
void AddRestsOf(const Job& job, size_t row, size_t first, size_t columns, int32_t* sums) {
  const size_t stride = ByteStride(job.weights->in());
  for (size_t column = 0; column < columns; column += kGroup) {
    for (const WeightRest& rest : job.weights->pairs().rests((first + column) / kGroup)) {
      for (size_t r = 0; r < kRows; ++r) {
        const uint8_t* x = job.x.bytes + (row + r) * stride + rest.place / 32 * 4;
        int32_t& sum = sums[r * kColumnBlock + column + rest.place % 32];
        for (size_t i = 0; i < 4; ++i) sum += x[i] * rest.bytes[i];
      }
    }
  }
}

struct Floats {};  // in place of a kind of bytes

template <class Kind, class Function, size_t kRows, size_t kGroups>
HWY_INLINE void Tile(const Job& job, size_t row, size_t first, size_t columns) {
  const size_t in = job.weights->in();
  if constexpr (std::is_same_v<Kind, Floats>) {
    HWY_ALIGN float sums[kRows * kColumnBlock];
    SumFloats<kRows, kGroups>(job.x.floats + row * in, in, job.weights->floats() + first * in, sums);
    Finish<Function>(job, row, kRows, first, columns, sums);
  } else {
    HWY_ALIGN int32_t sums[kRows * kColumnBlock];
    const size_t fours = job.weights->fours();
    const int8_t* w = job.weights->bytes() + first * fours * 4;
    SumBytes<Kind, kRows, kGroups>(job.x.bytes + row * ByteStride(in), ByteStride(in), fours, w,
                                   w + (kGroups * kGroup + row / kWideRows % 4 * kGroup) * fours * 4, sums);
    if (!job.weights->pairs().empty()) AddRestsOf<kRows>(job, row, first, columns, sums);
    Finish<Function>(job, row, kRows, first, columns, sums, kColumnBlock);
  }
}

template <class Kind, class Function, size_t kGroups>
void Columns(const Job& job, size_t rows, size_t first, size_t columns) {
  size_t row = 0;
  for (; row + kWideRows <= rows; row += kWideRows) Tile<Kind, Function, kWideRows, kGroups>(job, row, first, columns);
  if constexpr (kWideRows > 4) {
    if (row + 4 <= rows) Tile<Kind, Function, 4, kGroups>(job, row, first, columns), row += 4;
  }
  if constexpr (kWideRows > 2) {
    if (row + 2 <= rows) Tile<Kind, Function, 2, kGroups>(job, row, first, columns), row += 2;
  }
  if (row < rows) Tile<Kind, Function, 1, kGroups>(job, row, first, columns);
}

template <class Kind, class Function>
void Run(const Job& job, size_t rows, size_t first, size_t last) {
  size_t column = first;
  for (; column + kWideGroups * kGroup <= last; column += kWideGroups * kGroup) {
    Columns<Kind, Function, kWideGroups>(job, rows, column, kWideGroups * kGroup);
  }
  for (; column < last; column += kGroup) {
    Columns<Kind, Function, 1>(job, rows, column, std::min(kGroup, last - column));
  }
}

/// The smallest number of rows for which AMX tiles are used: with fewer, their configuration would cost too much. An
/// estimate, since this has not run on a CPU with AMX yet.
constexpr size_t kFewestTiledRows = 4;

struct Tiled {};  // in place of a kind of bytes

/// Rows that fill blocks come first, then the rest of them, since the tiles are configured for a number of rows. Tiles
/// are configured in each call: oneDNN's products on this thread may have changed them since the last one.
template <class Kind, class Function>
requires std::is_same_v<Kind, Tiled>
void Run(const Job& job, size_t rows, size_t first, size_t last) {
  const size_t stride = ByteStride(job.weights->in()), inputs = job.weights->fours() * 4;
  HWY_ALIGN int32_t sums[kTileBlockRows * 2 * kGroup];
  for (size_t begin = 0, end; begin < rows; begin = end) {
    const size_t count = std::min(kTileBlockRows, rows - begin);
    end = begin + (rows - begin) / count * count;
    job.tiles->configure(count);
    for (size_t column = first; column < last; column += 2 * kGroup) {
      const size_t columns = std::min(2 * kGroup, last - column);
      for (size_t row = begin; row < end; row += count) {
        job.tiles->sum({count, job.x.bytes + row * stride, stride, inputs / kTileInputs,
                        job.weights->bytes() + column * inputs, hwy::DivCeil(columns, kGroup), sums, 2 * kGroup});
        for (size_t r = 0; r < count; r += kWideRows) {
          Finish<Function>(job, row + r, std::min(kWideRows, count - r), column, columns, sums + r * 2 * kGroup,
                           2 * kGroup);
        }
      }
    }
  }
  job.tiles->release();
}

#if HWY_TARGET == HWY_AVX2
/// Weights that are split, by sums of 16 bits. Fewer rows than this are not worth what comes before the first one.
constexpr size_t kFewestPairRows = 4;

struct Pairs {};  // in place of a kind of bytes

template <class Kind, class Function>
requires std::is_same_v<Kind, Pairs>
void Run(const Job& job, size_t rows, size_t first, size_t last) {
  const size_t stride = ByteStride(job.weights->in());
  const size_t tile_bytes = hwy::RoundUpTo(job.weights->in(), 32) * kInterleavedRows;
  HWY_ALIGN int32_t sums[kPairRows * kPairColumns];
  uint8_t* const tiles = InterleavedMemory(std::min(rows, kPairRows), job.weights->in());
  for (size_t begin = 0; begin < rows; begin += kPairRows) {
    const size_t count = std::min(kPairRows, rows - begin);
    InterleaveRows(count, stride, tile_bytes, job.x.bytes + begin * stride, tiles);
    for (size_t column = first; column < last; column += kPairColumns) {
      PairSums(*job.weights, column / kPairColumns, count, tile_bytes, tiles, sums);
      for (size_t row = 0; row < count; row += kWideRows) {
        for (size_t ahead = row + kWideRows; ahead < std::min(row + 2 * kWideRows, count); ++ahead) {
          __builtin_prefetch(job.y + (begin + ahead) * job.stride + column, 1);
        }
        Finish<Function>(job, begin + row, std::min(kWideRows, count - row), column,
                         std::min(kPairColumns, last - column), sums + row * kPairColumns, kPairColumns);
      }
    }
  }
}
#endif

#if WINNOW_HAS_WIDENED_SUMS
struct Widened {};  // in place of a kind of bytes

template <class Kind, class Function>
requires std::is_same_v<Kind, Widened>
void Run(const Job& job, size_t rows, size_t first, size_t last) {
  const size_t stride = ByteStride(job.weights->in()), fours = job.weights->fours();
  int16_t* const tiles = WidenedMemory(std::min(rows, kWidenedRows), 4 * fours);
  HWY_ALIGN int32_t sums[kWidenedRows * kGroup];
  for (size_t begin = 0; begin < rows; begin += kWidenedRows) {
    const size_t count = std::min(kWidenedRows, rows - begin);
    WidenRows(count, fours, job.x.bytes + begin * stride, stride, tiles);
    for (size_t column = first; column < last; column += kGroup) {
      WidenedGroupSums(count, fours, tiles, job.weights->bytes() + column * fours * 4, sums);
      for (size_t row = 0; row < count; row += kWideRows) {
        Finish<Function>(job, begin + row, std::min(kWideRows, count - row), column, std::min(kGroup, last - column),
                         sums + row * kGroup, kGroup);
      }
    }
  }
}
using AnyCpu = Widened;
#else
using AnyCpu = Widening;
#endif

#if WINNOW_HAS_VNNI
bool VnniIsActive() {
  const Isa isa = ActiveIsa();
  return HWY_TARGET == HWY_AVX3 ? isa >= Isa::kAvx512Vnni : isa == Isa::kAvx2Vnni;
}
#endif

template <class Kind>
void RunWith(Activation activation, const Job& job, size_t rows, size_t first, size_t last) {
  switch (activation) {
    case Activation::kIdentity:
      return Run<Kind, IdentityEpilogue>(job, rows, first, last);
    case Activation::kGelu:
      return Run<Kind, GeluEpilogue>(job, rows, first, last);
    case Activation::kGeluTanh:
      return Run<Kind, GeluTanhEpilogue>(job, rows, first, last);
    case Activation::kRelu:
      return Run<Kind, ReluEpilogue>(job, rows, first, last);
    case Activation::kTanh:
      return Run<Kind, TanhEpilogue>(job, rows, first, last);
  }
}

void PackedProduct(size_t rows, const ProductInput& x, const PackedWeights& weights, size_t first, size_t last,
                   const float* bias, Activation activation, float* y, size_t stride) {
  const Job job{ActiveTiles(), x, &weights, bias, y, stride};
  if (!weights.of_bytes()) return RunWith<Floats>(activation, job, rows, first, last);
  if (job.tiles != nullptr && weights.for_tiles() && rows >= kFewestTiledRows) {
    return RunWith<Tiled>(activation, job, rows, first, last);
  }
#if WINNOW_HAS_VNNI
  if (VnniIsActive()) return RunWith<Vnni>(activation, job, rows, first, last);
#endif
#if HWY_TARGET == HWY_AVX2
  if (!weights.pairs().empty() && rows >= kFewestPairRows) return RunWith<Pairs>(activation, job, rows, first, last);
#endif
  RunWith<AnyCpu>(activation, job, rows, first, last);
}

const char* PackedProductInstructions() {
#if WINNOW_HAS_VNNI
  if (VnniIsActive()) return HWY_TARGET == HWY_AVX3 ? "AVX3 vpdpbusd" : "AVX2 vpdpbusd";
#endif
  return hwy::TargetName(HWY_TARGET);
}

#undef WINNOW_HAS_VNNI
#undef WINNOW_HAS_WIDENED_SUMS

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(PackedProductInstructions);
const char* PackedProductInstructions() {
  return ActiveTiles() != nullptr ? "AMX tdpbusd" : HWY_DYNAMIC_DISPATCH(PackedProductInstructions)();
}

HWY_EXPORT(PackedProduct);
void PackedProduct(size_t rows, const ProductInput& x, const PackedWeights& weights, size_t first, size_t last,
                   const float* bias, Activation activation, float* y, size_t stride) {
  HWY_DYNAMIC_DISPATCH(PackedProduct)(rows, x, weights, first, last, bias, activation, y, stride);
}

void ReserveForProduct(const PackedWeights& weights) {
  if (!weights.pairs().empty()) InterleavedMemory(kPairRows, weights.in());
  if (weights.of_bytes() && ActiveIsa() == Isa::kPortable) WidenedMemory(kWidenedRows, 4 * weights.fours());
}

}  // namespace winnow
#endif
