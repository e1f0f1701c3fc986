/// The plain form of kernels/activation.h: the functions and their derivatives as they are defined, in double
/// precision.
#pragma once

#include <cmath>

#include "kernels/activation.h"

namespace winnow::reference {

/// Returns f(x).
inline double Activate(Activation f, double x) {
  switch (f) {
    case Activation::kIdentity:
      return x;
    case Activation::kGelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kTanh:
      return std::tanh(x);
  }
  return 0;
}

/// Returns f'(x); 0 at 0 for ReLU, which has no derivative there.
inline double ActivateDerivative(Activation f, double x) {
  switch (f) {
    case Activation::kIdentity:
      return 1;
    case Activation::kGelu:
      return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
    case Activation::kGeluTanh: {
      const double c = std::sqrt(2 / M_PI);
      const double t = std::tanh(c * (x + 0.044715 * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
    }
    case Activation::kRelu:
      return x > 0 ? 1 : 0;
    case Activation::kTanh:
      return 1 - std::tanh(x) * std::tanh(x);
  }
  return 0;
}

}  // namespace winnow::reference
