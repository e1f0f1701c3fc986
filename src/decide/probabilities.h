/// From logits to probabilities, with a temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks").
#pragma once

#include <span>

namespace winnow {

/// Computes softmax(logits / temperature) of each row of [n, classes], row-major. Accumulates in double; never
/// overflows, since rows are shifted by their maximum. Infinite logits give the limit (+inf: all of the probability,
/// shared among several; a row of -inf is uniform); a NaN makes its whole row NaN. `out` has the size of `logits` and
/// may be the same memory. If `temperature` is not above 0, 1 is used. Thread-safe; allocates nothing.
void Softmax(std::span<const float> logits, int classes, double temperature, std::span<float> out);

/// Computes 1 / (1 + exp(-logit / temperature)) of each logit, under the conditions of Softmax.
void Sigmoid(std::span<const float> logits, double temperature, std::span<float> out);

}  // namespace winnow
