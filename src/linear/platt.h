/// Probabilities from the scores of support vector machines (Platt 1999; Lin, Lin, Weng 2007).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/solver.h"
#include "linear/sparse_rows.h"

namespace winnow {

/// Of one output: the probability of score f is 1 / (1 + exp(a f + b)).
struct PlattScale {
  float a = -1, b = 0;
};

/// One scale an output, from scores of rows that the weights behind them were not fitted to: those of five folds.
Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, std::span<const std::vector<int32_t>> truth,
                                         size_t labels, bool multi_label, const SolverOptions& options, uint64_t seed,
                                         ThreadPool& pool);

}  // namespace winnow
