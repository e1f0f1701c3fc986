/// Cross-validation of linear classifiers: scores of rows by models that were not fitted to these rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/threads.h"
#include "linear/linear_labels.h"
#include "linear/solver.h"
#include "linear/sparse_rows.h"

namespace winnow {

/// Returns the fold of each row, from 0 to folds - 1: rows of one label (several: of one set of labels) are distributed
/// in turns, in a random order, and those of the next label continue where these ended, so that folds have equal sizes.
/// Equal arguments give equal folds on every machine.
std::vector<size_t> FoldsByLabel(std::span<const std::vector<int32_t>> truth, size_t folds, Random random);

/// Returns the scores [rows, outputs] of each candidate, whose outputs are those of FitLinear: a row's scores are those
/// of a model that was fitted to the rows of the other folds. Each label (multi-label: each set of labels) is
/// distributed evenly over the folds, which `seed` determines, and which are the same for all candidates. `folds` is at
/// least 2 and at most the number of rows. Equal arguments give equal scores. Errors: FitLinear's.
Result<std::vector<std::vector<float>>> HeldOutScores(const SparseRows& rows, const LinearLabels& truth,
                                                      std::span<const SolverOptions> candidates, size_t folds,
                                                      uint64_t seed, ThreadPool& pool);

}  // namespace winnow
