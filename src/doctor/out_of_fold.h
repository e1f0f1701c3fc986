/// Out-of-fold probabilities of a linear model for each text, from which label errors are found.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "linear/train_linear.h"

namespace winnow {

/// The recipe that found most of 3 % flipped labels: words and pairs of them beside runs of two to five characters,
/// sublinear; logistic regression with C = 3, one label against the rest. One over all labels found as many (within
/// half a point on six sets) and took seven times as long for 150 labels; words alone, or C = 1 or 10, found 0 to 3
/// points fewer.
LinearTrainingOptions DoubtRecipe();

/// [texts, labels] row-major: each text's probabilities by a model of the other folds. Texts of one group are in one
/// fold, so that no text is judged by its twin, and count there as one where the folds are made even; groups too large
/// for that are dealt out. `group_of`: [texts], the first text of its group. `done` is called after each fold. The same
/// input and threads give the same probabilities. Errors: StratifiedFolds' and TrainLinear's; kCancelled.
Result<std::vector<float>> OutOfFoldProbabilities(const Dataset& dataset, std::span<const size_t> group_of, int folds,
                                                  uint64_t seed, const LinearTrainingOptions& recipe, ThreadPool& pool,
                                                  const std::function<void()>& done = {});

}  // namespace winnow
