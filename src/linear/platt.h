/// Probabilities from the scores of support vector machines: Platt scaling (Platt 1999).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/solver.h"
#include "linear/sparse_rows.h"

namespace winnow {

/// probability = 1 / (1 + exp(a * score + b)); a is not above 0 where higher scores go with the label.
struct PlattScale {
  float a = -1, b = 0;
};

/// One for each output of FitLinear with these arguments. The scores are those of rows that a model hasn't seen, by
/// cross-validation over five folds in which labels are spread evenly; `seed` deals the rows. Where there are fewer
/// rows than five, there are fewer folds; with one row a score says nothing. The same arguments give the same scales.
/// Errors: FitLinear's.
Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, std::span<const std::vector<int32_t>> truth,
                                         size_t labels, bool multi_label, const SolverOptions& options, uint64_t seed,
                                         ThreadPool& pool);

/// The most likely scale for scores of one output (Lin, Lin, Weng 2007, "A note on Platt's probabilistic outputs for
/// support vector machines": Newton's method with backtracking, targets drawn in from 0 and 1). `positive[i]` is not 0
/// where row i has the label; `weights`: one per row, or empty.
PlattScale FitPlattScale(std::span<const float> scores, std::span<const char> positive, std::span<const float> weights);

}  // namespace winnow
