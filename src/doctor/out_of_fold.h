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

/// Returns the options that found most of 3 % flipped labels: words and pairs of words together with runs of two to
/// five characters, sublinear; logistic regression with C = 3, one label against the rest. Multinomial regression found
/// as many (within half a point on six sets) and took seven times as long for 150 labels; words alone, or C = 1 or 10,
/// found 0 to 3 points fewer.
LinearTrainingOptions DoubtConfiguration();

/// Returns [texts, labels] row-major: the probabilities of each text by a model of the other folds. Texts of one group
/// are in one fold, so that no text is judged by a model trained on its duplicate, and count as one text for the
/// balance of the folds; groups that are too large for that are distributed over the folds. `group_of` is [texts]: the
/// first text of each text's group. `done` is called after each fold. Equal input and numbers of threads give equal
/// probabilities. Errors: StratifiedFolds' and TrainLinear's; kCancelled.
Result<std::vector<float>> OutOfFoldProbabilities(const Dataset& dataset, std::span<const size_t> group_of, int folds,
                                                  uint64_t seed, const LinearTrainingOptions& configuration,
                                                  ThreadPool& pool, const std::function<void()>& done = {});

}  // namespace winnow
