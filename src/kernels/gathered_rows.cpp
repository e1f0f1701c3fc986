// A row of the matrix is a few vectors wide, and there are few rows to a sum, each somewhere else in memory: up to six
// vectors of the sum stay in registers while the rows go by, so that each element is loaded once and nothing is stored.
#include "kernels/gathered_rows.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gathered_rows.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kGatheredWidth>;
using V = hn::Vec<D>;

constexpr size_t kInRegisters = 6;

template <size_t kVectors>
HWY_INLINE void SumColumns(size_t count, const int32_t* HWY_RESTRICT rows, const float* HWY_RESTRICT values,
                           const float* HWY_RESTRICT matrix, size_t width, const float* start, float* sum) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V s[kVectors];
  for (size_t v = 0; v < kVectors; ++v) s[v] = hn::LoadU(d, start + v * lanes);
  for (size_t i = 0; i < count; ++i) {
    const float* row = matrix + static_cast<size_t>(rows[i]) * width;
    const V value = hn::Set(d, values[i]);
    for (size_t v = 0; v < kVectors; ++v) s[v] = hn::MulAdd(value, hn::LoadU(d, row + v * lanes), s[v]);
  }
  for (size_t v = 0; v < kVectors; ++v) hn::StoreU(s[v], d, sum + v * lanes);
}

template <size_t kVectors>
HWY_INLINE void AddColumns(size_t count, const int32_t* HWY_RESTRICT rows, const float* HWY_RESTRICT values,
                           const float* HWY_RESTRICT change, size_t width, float* HWY_RESTRICT matrix) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V c[kVectors];
  for (size_t v = 0; v < kVectors; ++v) c[v] = hn::LoadU(d, change + v * lanes);
  for (size_t i = 0; i < count; ++i) {
    float* row = matrix + static_cast<size_t>(rows[i]) * width;
    const V value = hn::Set(d, values[i]);
    for (size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(hn::MulAdd(value, c[v], hn::LoadU(d, row + v * lanes)), d, row + v * lanes);
    }
  }
}

/// Cuts `width` into pieces of at most kInRegisters vectors, about equally wide, and calls
/// piece(its first column, a constant of its number of vectors).
template <class Piece>
HWY_INLINE void ForPieces(size_t width, const Piece& piece) {
  const size_t lanes = hn::Lanes(D());
  const size_t vectors = width / lanes;
  const size_t pieces = (vectors + kInRegisters - 1) / kInRegisters;
  size_t begin = 0;
  for (size_t p = 0; p < pieces; ++p) {
    const size_t end = vectors * (p + 1) / pieces;
    const size_t column = begin * lanes;
    switch (end - begin) {
      case 1:
        piece(column, std::integral_constant<size_t, 1>());
        break;
      case 2:
        piece(column, std::integral_constant<size_t, 2>());
        break;
      case 3:
        piece(column, std::integral_constant<size_t, 3>());
        break;
      case 4:
        piece(column, std::integral_constant<size_t, 4>());
        break;
      case 5:
        piece(column, std::integral_constant<size_t, 5>());
        break;
      default:
        piece(column, std::integral_constant<size_t, 6>());
        break;
    }
    begin = end;
  }
}

void SumRows(size_t count, const int32_t* rows, const float* values, const float* matrix, size_t width,
             const float* start, float* sum) {
  ForPieces(width, [&](size_t column, auto vectors) HWY_ATTR {
    SumColumns<vectors()>(count, rows, values, matrix + column, width, start + column, sum + column);
  });
}

void AddToRows(size_t count, const int32_t* rows, const float* values, const float* change, size_t width,
               float* matrix) {
  ForPieces(width, [&](size_t column, auto vectors) HWY_ATTR {
    AddColumns<vectors()>(count, rows, values, change + column, width, matrix + column);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(SumRows);
void SumRows(size_t count, const int32_t* rows, const float* values, const float* matrix, size_t width,
             const float* start, float* sum) {
  HWY_DYNAMIC_DISPATCH(SumRows)(count, rows, values, matrix, width, start, sum);
}

HWY_EXPORT(AddToRows);
void AddToRows(size_t count, const int32_t* rows, const float* values, const float* change, size_t width,
               float* matrix) {
  HWY_DYNAMIC_DISPATCH(AddToRows)(count, rows, values, change, width, matrix);
}

}  // namespace winnow
#endif
