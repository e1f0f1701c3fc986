/// The plain form of kernels/adamw.h: one parameter after the other, in double precision.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/adamw.h"

namespace winnow::reference {

/// Updates parameters, first and second moments [n] from grads [n], as winnow::AdamWUpdate does. Null grads means
/// zeros.
inline void AdamWUpdate(const AdamWStep& step, size_t n, float* parameters, const float* grads, float* first,
                        float* second) {
  for (size_t i = 0; i < n; ++i) {
    const double g = grads == nullptr ? 0.0 : static_cast<double>(grads[i]) * static_cast<double>(step.grad_scale);
    const double m = static_cast<double>(step.beta1 * first[i]) + (1.0 - static_cast<double>(step.beta1)) * g;
    const double v = static_cast<double>(step.beta2 * second[i]) + (1.0 - static_cast<double>(step.beta2)) * g * g;
    const double root =
        std::sqrt(v) / static_cast<double>(step.bias_correction2_sqrt) + static_cast<double>(step.epsilon);
    const double p = static_cast<double>(parameters[i]) * (1.0 - static_cast<double>(step.lr * step.weight_decay));
    first[i] = static_cast<float>(m);
    second[i] = static_cast<float>(v);
    parameters[i] = static_cast<float>(p - static_cast<double>(step.lr / step.bias_correction1) * m / root);
  }
}

}  // namespace winnow::reference
