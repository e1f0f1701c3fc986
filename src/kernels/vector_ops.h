/// Elementwise operations and reductions of one vector: BLAS's first level, as far as training and the readers of
/// weights need it. Any number of floats, also none; pointers need no alignment. Thread-safe.
#pragma once

#include <cstddef>

namespace winnow {

/// Computes to += from for n floats.
void AddTo(size_t n, const float* from, float* to);

/// Computes x *= factor for n floats.
void Scale(size_t n, float factor, float* x);

/// Returns the sum of squares of n floats, with a relative error of about 1e-6 for any n.
double SumOfSquares(size_t n, const float* x);

/// Returns true if none of n floats is infinite or NaN.
bool AllFinite(size_t n, const float* x);

}  // namespace winnow
