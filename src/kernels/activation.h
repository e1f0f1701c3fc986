/// Bias and activation function in one pass over rows, and their backward.
#pragma once

#include <cstddef>

namespace winnow {

enum class Activation {
  kIdentity,
  kGelu,      ///< x * Phi(x), with the error function (Hendrycks, Gimpel 2016)
  kGeluTanh,  ///< its tanh approximation ("gelu_new", "gelu_pytorch_tanh")
  kRelu,
  kTanh,
};

/// pre[rows, n] += bias[n] (unless null), then out = f(pre). `pre` is kept for the backward; out may be pre where it is not needed
/// again. GELU is within 4e-7 * max(1, |x|) of exact.
void BiasActivation(Activation f, size_t rows, size_t n, float* pre, const float* bias, float* out);

/// From grad[rows, n], the gradient of out, in place: the gradient of pre. Writes out = f(pre) again, which saves
/// storing it, and adds the column sums of the gradient to bias_grad[n] (unless null).
void BiasActivationBackward(Activation f, size_t rows, size_t n, const float* pre, float* grad, float* out,
                            float* bias_grad);

/// Gated linear units (Shazeer 2020): out[r, i] = f(pre[r, i]) * pre[r, n + i], pre [rows, 2n], out [rows, n].
void GatedActivation(Activation f, size_t rows, size_t n, const float* pre, float* out);

/// pre_grad [rows, 2n] from grad [rows, n], the gradient of out. Writes out again, which saves storing it.
void GatedActivationBackward(Activation f, size_t rows, size_t n, const float* pre, const float* grad, float* out,
                             float* pre_grad);

}  // namespace winnow
