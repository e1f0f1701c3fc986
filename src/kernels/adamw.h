/// AdamW (Loshchilov, Hutter 2019) over a slice of parameters, in PyTorch's order of operations.
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

}  // namespace winnow
