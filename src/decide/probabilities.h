/// Logits to probabilities, with a temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks").
#pragma once

#include <span>

namespace winnow {

/// softmax(logits / temperature) of each row of [n, classes], row-major. Accumulates in double; never overflows: rows
/// are shifted by their maximum. Infinite logits take their limit (+inf: all of the mass, shared among equals; a row of
/// -inf is uniform); a NaN makes its whole row NaN. `out` has the size of `logits` and may be the same memory.
/// `temperature` > 0, otherwise 1 is used. Thread-safe; allocates nothing.
void Softmax(std::span<const float> logits, int classes, double temperature, std::span<float> out);

/// 1 / (1 + exp(-logit / temperature)) of each logit. The same conditions as Softmax.
void Sigmoid(std::span<const float> logits, double temperature, std::span<float> out);

}  // namespace winnow
