/// Probabilities from the scores of support vector machines: Platt scaling (Platt 1999).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/linear_labels.h"
#include "linear/solver.h"
#include "linear/sparse_rows.h"

namespace winnow {

/// Parameters of probability = 1 / (1 + exp(a * score + b)); a is at most 0: higher scores speak for the label.
struct PlattScale {
  float a = -1, b = 0;
};

/// Returns one scale for each output of FitLinear with these arguments. They are fitted to the scores of rows that a
/// model was not trained on, by cross-validation over five folds with an even distribution of labels; `seed` determines
/// the folds. The models of the folds have the row weights of `options`; the scales have none, so that the
/// probabilities are those of the rows as they are. With fewer than five rows there are fewer folds; with one row the
/// scale is uninformative. Equal arguments give equal scales. Errors: FitLinear's.
Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, const LinearLabels& truth,
                                         const SolverOptions& options, uint64_t seed, ThreadPool& pool);

/// Returns the most likely scale of each output for `scores` [rows, outputs] of rows that their models were not fitted
/// to.
std::vector<PlattScale> PlattScalesOf(std::span<const float> scores, const LinearLabels& truth, ThreadPool& pool);

/// Returns the most likely scale for the scores of one output (Lin, Lin, Weng 2007, "A note on Platt's probabilistic
/// outputs for support vector machines": Newton's method with backtracking, and targets moved inwards from 0 and 1).
/// If higher scores do not speak for the label, as it happens with scores of few rows, a is -1, and b is the most
/// likely one with it: the order of the scores is never reversed. `positive[i]` is not 0 if row i has the label;
/// `weights`: one per row, or empty.
PlattScale FitPlattScale(std::span<const float> scores, std::span<const char> positive,
                         std::span<const float> weights = {});

}  // namespace winnow
