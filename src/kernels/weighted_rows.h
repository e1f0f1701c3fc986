/// Sums of a few rows of a large matrix: a sparse row times a dense matrix.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// Computes out [width] += the sum of weights[i] * matrix[rows[i], :] for i < n, with a row-major matrix [*, width].
/// The result of a text depends only on its own rows.
void AddWeightedRows(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                     float* out);

}  // namespace winnow
