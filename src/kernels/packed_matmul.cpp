// A tile is 4 or 6 rows by 16 or 64 columns: as many sums as the registers hold. Its weights are read in whole cache
// lines, its rows four bytes at a time, broadcast. With the dot product of AVX512-VNNI a step multiplies 64 pairs of
// bytes and adds them to 16 sums of 32 bits. Without it bytes are widened to 16 bits first, so that pairs of products
// add up in 32: vpmaddubsw, which adds them in 16, would saturate from 2 * 255 * 127 on. AVX2 has a way of its own
// (pair_sums-inl.h), with split weights. AMX multiplies whole tiles (tiles.h), WebAssembly rows widened once
// (widened_sums-inl.h). Sums stay whole numbers until a tile is done; the epilogue reads them back from the first
// cache.
#include "kernels/packed_matmul.h"

#include <algorithm>
#include <cstring>
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
#include "kernels/tiles.h"
#include "kernels/widened_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

constexpr size_t kGroup = 16;  // columns that are packed side by side
using I = hn::RebindToSigned<F>;
using VI = hn::Vec<I>;
constexpr size_t kLanes = hn::MaxLanes(F());
static_assert(kGroup % kLanes == 0);
constexpr size_t kVectors = kGroup / kLanes;          // of a group
constexpr size_t kWideGroups = kLanes == 16 ? 4 : 1;  // that a tile takes together
constexpr size_t kWideRows = kLanes == 16 ? 6 : kLanes == 8 ? 4 : 2;

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
#define WINNOW_HAS_VNNI 1

/// How four bytes of a row (in every lane) are multiplied with four of each column and added up, on CPUs with VNNI
/// (ActiveIsa): by one instruction, written as assembly since Highway's targets don't include it.
struct Vnni {
  using Bytes = VI;
  static HWY_INLINE VI RowBytes(int32_t four) { return hn::Set(I(), four); }
  static HWY_INLINE VI ColumnBytes(const int8_t* p) { return hn::Load(I(), reinterpret_cast<const int32_t*>(p)); }
  static HWY_INLINE VI Dot(VI x, VI w, VI sum) {
#if HWY_TARGET == HWY_AVX3
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(w.raw));
#else
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum.raw) : "x"(x.raw), "x"(w.raw));
#endif
    return sum;
  }
};

#else
#define WINNOW_HAS_VNNI 0
#endif

#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
/// Keeps the compiler from adding in another order, which takes more registers than there are.
HWY_INLINE VI InOrder(VI sum) {
#if HWY_TARGET == HWY_AVX3
  asm("" : "+v"(sum.raw));
#else
  asm("" : "+x"(sum.raw));
#endif
  return sum;
}

/// Other x86-64: even and odd bytes widened to 16 bits; an instruction adds two products of a lane.
struct Widening {
  using I16 = hn::RepartitionToNarrow<I>;
  struct Bytes {
    hn::Vec<I16> even, odd;
  };
  static HWY_INLINE Bytes RowBytes(int32_t four) {
    const hn::RebindToUnsigned<I16> u16;
    const auto x = hn::BitCast(u16, hn::Set(I(), four));
    return {hn::BitCast(I16(), hn::And(x, hn::Set(u16, 255))), hn::BitCast(I16(), hn::ShiftRight<8>(x))};
  }
  static HWY_INLINE Bytes ColumnBytes(const int8_t* p) {
    const auto w = hn::BitCast(I16(), hn::Load(I(), reinterpret_cast<const int32_t*>(p)));
    return {hn::ShiftRight<8>(hn::ShiftLeft<8>(w)), hn::ShiftRight<8>(w)};
  }
  static HWY_INLINE VI Dot(const Bytes& x, const Bytes& w, VI sum) {
    VI unused = hn::Zero(I());
    sum = InOrder(hn::ReorderWidenMulAccumulate(I(), x.even, w.even, sum, unused));
    return InOrder(hn::ReorderWidenMulAccumulate(I(), x.odd, w.odd, sum, unused));
  }
};

#elif !WINNOW_HAS_WIDENED_SUMS
/// Any CPU: bytes widened to 32 bits. With constructors, since g++ does not compile its own for this namespace's
/// target.
struct Widening {
  struct Bytes {
    HWY_INLINE Bytes() {}
    HWY_INLINE Bytes(VI w0, VI w1, VI w2, VI w3) : b0(w0), b1(w1), b2(w2), b3(w3) {}
    VI b0, b1, b2, b3;
  };
  static HWY_INLINE Bytes RowBytes(int32_t four) {
    const auto u = static_cast<uint32_t>(four);
    const auto byte = [&](int shift) { return hn::Set(I(), static_cast<int32_t>((u >> shift) & 255)); };
    return {byte(0), byte(8), byte(16), byte(24)};
  }
  static HWY_INLINE Bytes ColumnBytes(const int8_t* p) {
    const VI w = hn::Load(I(), reinterpret_cast<const int32_t*>(p));
    return {hn::ShiftRight<24>(hn::ShiftLeft<24>(w)), hn::ShiftRight<24>(hn::ShiftLeft<16>(w)),
            hn::ShiftRight<24>(hn::ShiftLeft<8>(w)), hn::ShiftRight<24>(w)};
  }
  static HWY_INLINE VI Dot(const Bytes& x, const Bytes& w, VI sum) {
    sum = hn::Add(sum, hn::Add(hn::Mul(x.b0, w.b0), hn::Mul(x.b1, w.b1)));
    return hn::Add(sum, hn::Add(hn::Mul(x.b2, w.b2), hn::Mul(x.b3, w.b3)));
  }
};

#endif

/// sums[r, c] for kRows rows and kGroups groups of columns, each row of sums kColumnBlock apart. Meanwhile a quarter of
/// what lies at `ahead`, the weights of the next columns, is fetched into the second-level cache: where a product has
/// few rows (one short text), waiting for weights is most of its time.
template <class Kind, size_t kRows, size_t kGroups>
HWY_INLINE void SumBytes(const uint8_t* HWY_RESTRICT x, size_t x_stride, size_t fours, const int8_t* HWY_RESTRICT w,
                         const int8_t* ahead, int32_t* HWY_RESTRICT sums) {
  constexpr size_t kAcross = kGroups * kVectors;
  const size_t group_stride = fours * 4 * kGroup;
  VI sum[kRows][kAcross];
  HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) sum[r][v] = hn::Zero(I());
  }
  for (size_t k = 0; k < fours; ++k, w += 4 * kGroup, ahead += 64) {
    __builtin_prefetch(ahead, 0, 2);
    typename Kind::Bytes columns[kAcross];
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) {
      columns[v] = Kind::ColumnBytes(w + v / kVectors * group_stride + v % kVectors * 4 * kLanes);
    }
    HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
      int32_t four;
      std::memcpy(&four, x + r * x_stride + 4 * k, 4);
      const auto row = Kind::RowBytes(four);
      HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) sum[r][v] = Kind::Dot(row, columns[v], sum[r][v]);
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) {
      hn::Store(sum[r][v], I(), sums + r * kColumnBlock + v * kLanes);
    }
  }
}

/// Computes a tile of products of floats with bf16 weights.
template <size_t kRows, size_t kGroups>
HWY_INLINE void SumFloats(const float* HWY_RESTRICT x, size_t inputs, const uint16_t* HWY_RESTRICT w,
                          float* HWY_RESTRICT sums) {
  constexpr size_t kAcross = kGroups * kVectors;
  const size_t group_stride = inputs * kGroup;
  const hn::Rebind<uint16_t, F> u16;
  const hn::RebindToUnsigned<F> u32;
  V sum[kRows][kAcross];
  HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) sum[r][v] = hn::Zero(F());
  }
  for (size_t k = 0; k < inputs; ++k, w += kGroup) {
    V columns[kAcross];
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) {
      const auto bits = hn::Load(u16, w + v / kVectors * group_stride + v % kVectors * kLanes);
      columns[v] = hn::BitCast(F(), hn::ShiftLeft<16>(hn::PromoteTo(u32, bits)));
    }
    HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
      const V row = hn::Set(F(), x[r * inputs + k]);
      HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) sum[r][v] = hn::MulAdd(row, columns[v], sum[r][v]);
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (size_t v = 0; v < kAcross; ++v) {
      hn::Store(sum[r][v], F(), sums + r * kColumnBlock + v * kLanes);
    }
  }
}

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
