/// AdamW (Loshchilov, Hutter 2019) over a slice of parameters, in PyTorch's order of operations, and the norm for
/// clipping.
#pragma once

#include <cstddef>

namespace winnow {

struct AdamWStep {
  float lr;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay;
  float bias_correction1;       ///< 1 - beta1^t
  float bias_correction2_sqrt;  ///< sqrt(1 - beta2^t)
  float grad_scale = 1.0f;      ///< factor of the gradients, from clipping
};

/// Updates parameters, first and second moments [n] from grads [n]; a null grads means zeros.
void AdamWUpdate(const AdamWStep& step, size_t n, float* parameters, const float* grads, float* first, float* second);

/// Computes x *= factor.
void Scale(size_t n, float factor, float* x);

/// Returns the sum of squares, with a relative error of about 1e-6 for any n.
double SumOfSquares(size_t n, const float* x);

/// Returns true if no element is infinite or NaN.
bool AllFinite(size_t n, const float* x);

}  // namespace winnow
