/// Sums of a few rows of a large matrix: a sparse row times a dense matrix.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// out [width] += the sum of weights[i] * matrix[rows[i], :] for i < n, the matrix [*, width] row-major. A text's
/// result depends on nothing but its own rows.
void AddWeightedRows(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                     float* out);

}  // namespace winnow
