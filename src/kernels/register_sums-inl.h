// Sums of a tile of a packed product in registers: 4 or 6 rows by 16 or 64 columns, as many sums as the registers hold.
// Weights are read in whole cache lines, rows four bytes at a time, broadcast. With the dot product of AVX512-VNNI a
// step multiplies 64 pairs of bytes and adds them to 16 sums of 32 bits. Without it bytes are widened to 16 bits first,
// so that pairs of products add up in 32: vpmaddubsw, which adds them in 16, would saturate from 2 * 255 * 127 on.
//
// For Highway's dynamic dispatch: included once for each instruction set.
#include <cstring>

#include "hwy/highway.h"
#include "kernels/lanes-inl.h"
#include "kernels/packed_matmul.h"
#include "kernels/widened_sums-inl.h"

#if defined(WINNOW_REGISTER_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_REGISTER_SUMS_INL_H_
#undef WINNOW_REGISTER_SUMS_INL_H_
#else
#define WINNOW_REGISTER_SUMS_INL_H_
#endif

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

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif
