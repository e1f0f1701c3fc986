/// The objectives that the solvers of this folder minimize: one per output, or one softmax over all outputs,
///   sum over rows of cost * loss(x w + bias) + |w|^2 / 2 (+ bias^2 / 2 with the hinge).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "linear/sparse_rows.h"

namespace winnow {

enum class LinearLoss {
  kSoftmax,   ///< loss of outputs that exclude each other
  kLogistic,  ///< loss of each output separately
  kHinge,     ///< squared hinge loss of each output separately; the bias is the weight of a feature of value 1
};

struct LinearProblem {
  const SparseRows* x = nullptr;
  LinearLoss loss = LinearLoss::kSoftmax;
  size_t outputs = 0;
  std::vector<float> costs;  ///< C times the weight of each row; rows of cost 0 do not count
  /// The correct outputs of row r: true_outputs[true_begins[r] ... true_begins[r + 1]); one with kSoftmax.
  std::vector<size_t> true_begins = {0};
  std::vector<int32_t> true_outputs;

  std::span<const int32_t> truth(size_t row) const {
    return {true_outputs.data() + true_begins[row], true_begins[row + 1] - true_begins[row]};
  }
  bool penalises_bias() const { return loss == LinearLoss::kHinge; }
};

/// Weights [features + 1, outputs] row-major; the last row is the bias.
struct LinearSolution {
  std::vector<float> weights;
  bool converged = false;
};

}  // namespace winnow
