/// Sparse rows against a dense matrix: weighted sums of a few of its rows, and weighted additions to them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// The widths of these matrices are multiples of kGatheredWidth: a vector of AVX-512, and a line of the cache.
inline constexpr size_t kGatheredWidth = 16;

/// Computes sum [width] = start + values[0] * matrix[rows[0]] + ... + values[count - 1] * matrix[rows[count - 1]],
/// where matrix [*, width] is row-major. `width` is a multiple of kGatheredWidth; `start` may be `sum`.
void SumRows(size_t count, const int32_t* rows, const float* values, const float* matrix, size_t width,
             const float* start, float* sum);

/// Computes matrix[rows[i]] += values[i] * change [width] for all i. No row may occur twice.
void AddToRows(size_t count, const int32_t* rows, const float* values, const float* change, size_t width,
               float* matrix);

}  // namespace winnow
