/// Losses and their gradients with respect to the logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// The true labels of a batch: `labels` if each text has one label, `targets` if it has any number.
struct Targets {
  std::span<const int32_t> labels;  ///< [texts] label ids
  std::span<const float> targets;   ///< [texts, num_labels] targets from 0 to 1
  /// Single-label: a distribution over labels in addition to the label or in place of it, such as people's votes or a
  /// teacher's answer; [texts, num_labels], or empty. A text whose label is -1 has this alone.
  std::span<const float> soft{};
  float soft_weight = 1;  ///< share of the soft labels in the loss; the rest is the label's
  /// Temperature of the two distributions (Hinton, Vinyals, Dean 2015), already applied to `soft`.
  float soft_temperature = 1;
  bool multi_label() const { return !targets.empty(); }
};

/// The loss of single-label texts is a weighted mean, as torch.nn.CrossEntropyLoss(weight, label_smoothing): with
/// weights w, smoothing e and C labels a text of label y costs
///   (1 - e) w_y (-log p_y) + e / C sum_c w_c (-log p_c),
/// and the sum over texts is divided by the sum of their w_y.
/// With soft labels, which are smoothed beforehand (SmoothSoftLabels), a text costs (1 - a) times that of its label and
/// a T^2 (-sum_c w_c soft_c log p_c(T)), divided by the number of texts, as torch.nn.CrossEntropyLoss does with
/// probabilities. The loss of multi-label texts is the mean over texts and labels, as
/// torch.nn.BCEWithLogitsLoss(pos_weight); smoothing moves targets by e / 2 towards the other side.
struct LossOptions {
  /// Single-label: weight of each label's texts [num_labels]; empty: all 1.
  std::vector<float> class_weights{};
  /// Multi-label: factor of the loss where a label is present [num_labels]; empty: all 1.
  std::vector<float> pos_weights{};
  double label_smoothing = 0;  ///< 0 ... 1
};

/// Returns the sum of weights by which a batch's loss is divided. Parts of a large batch use the sum of the large
/// batch.
double LossWeight(const Targets& targets, size_t num_labels, const LossOptions& options);

/// Returns sum / weight and writes its gradient to grad [texts, num_labels].
double ComputeLoss(std::span<const float> logits, size_t num_labels, const Targets& targets, const LossOptions& options,
                   double weight, std::span<float> grad);

}  // namespace winnow
