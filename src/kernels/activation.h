/// Bias and activation function in one pass over rows, and their backward pass.
#pragma once

#include <cstddef>

namespace winnow {

enum class Activation {
  kIdentity,
  kGelu,      ///< x * Phi(x), with the error function (Hendrycks, Gimpel 2016)
  kGeluTanh,  ///< the tanh approximation of GELU ("gelu_new", "gelu_pytorch_tanh")
  kRelu,
  kTanh,
};

/// Computes pre[rows, n] += bias[n] (unless null), then out = f(pre). `pre` is needed by the backward pass; out may be
/// pre if there is no backward pass. GELU is within 4e-7 * max(1, |x|) of the exact value.
void BiasActivation(Activation f, size_t rows, size_t n, float* pre, const float* bias, float* out);

/// Turns grad[rows, n], the gradient of out, into the gradient of pre, in place. Writes out = f(pre) again, so that it
/// need not be stored, and adds the column sums of the gradient to bias_grad[n] (unless null).
void BiasActivationBackward(Activation f, size_t rows, size_t n, const float* pre, float* grad, float* out,
                            float* bias_grad);

/// Gated linear units (Shazeer 2020): out[r, i] = f(pre[r, i]) * pre[r, n + i], pre [rows, 2n], out [rows, n].
void GatedActivation(Activation f, size_t rows, size_t n, const float* pre, float* out);

/// pre_grad [rows, 2n] from grad [rows, n], the gradient of out. Writes out again, which saves storing it.
void GatedActivationBackward(Activation f, size_t rows, size_t n, const float* pre, const float* grad, float* out,
                             float* pre_grad);

}  // namespace winnow
