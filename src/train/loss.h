/// Losses and their gradients with respect to the logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// What a batch's texts should be labelled. For one label out of many, `labels`; for several at once, `targets`.
struct Targets {
  std::span<const int32_t> labels;  ///< [texts]
  std::span<const float> targets;   ///< [texts, num_labels], each 0 or 1
  bool multi_label() const { return !targets.empty(); }
};

/// The loss is a weighted mean: each text counts by the weight of its label, and the sum is divided by the sum of
/// weights, as torch.nn.CrossEntropyLoss(weight) does. For several labels at once it is the mean over texts and labels,
/// as torch.nn.BCEWithLogitsLoss.
struct LossOptions {
  std::vector<float> class_weights;  ///< [num_labels], or empty: all 1
};

/// The sum of weights that a batch's loss is divided by. Parts of one large batch share the large batch's.
double LossWeight(const Targets& targets, size_t num_labels, const LossOptions& options);

/// Returns sum / weight and writes its gradient to grad [texts, num_labels].
double ComputeLoss(std::span<const float> logits, size_t num_labels, const Targets& targets, const LossOptions& options,
                   double weight, std::span<float> grad);

}  // namespace winnow
