/// Class weights: larger weights in the loss for rare labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/text_set.h"

namespace winnow {

/// Single-label: returns n / (classes * n_i) for each class, which occurs n_i times: scikit-learn's "balanced". A class
/// that never occurs gets 1; texts without a label (-1) don't count.
std::vector<float> BalancedClassWeights(std::span<const int32_t> labels, size_t classes);

/// Returns the weight of each label of a multi-label set: the number of texts without the label divided by that with
/// it, as torch.nn.BCEWithLogitsLoss's documentation suggests; between .01 and 100, and 1 for a label that never
/// occurs.
std::vector<float> BalancedPosWeights(const TextSet& set);

}  // namespace winnow
