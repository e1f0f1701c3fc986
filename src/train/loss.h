/// Losses and their gradients with respect to the logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// What a batch's texts should be labelled. For one label out of many, `labels`; for several at once, `targets`.
struct Targets {
  std::span<const int32_t> labels;  ///< [texts]
  std::span<const float> targets;   ///< [texts, num_labels], 0 to 1 each
  /// Of one label a text: a distribution over labels that is wanted besides, or instead, as people's votes or a
  /// teacher's answer; [texts, num_labels], or empty. A text whose label is -1 has this alone.
  std::span<const float> soft{};
  float soft_weight = 1;       ///< its part of the loss; the rest is the label's
  float soft_temperature = 1;  ///< of both distributions (Hinton, Vinyals, Dean 2015): `soft` is at it already
  bool multi_label() const { return !targets.empty(); }
};

/// One label a text: the loss is a weighted mean, as torch.nn.CrossEntropyLoss(weight, label_smoothing): with weights
/// w, smoothing e and C labels a text of label y costs
///   (1 - e) w_y (-log p_y) + e / C sum_c w_c (-log p_c),
/// and the sum over texts is divided by the sum of their w_y.
/// With soft labels a text costs (1 - a) times that of its label and a T^2 (-sum_c w_c soft_c log p_c(T)), divided by
/// the number of texts, as torch.nn.CrossEntropyLoss does with probabilities. Several labels: the mean over texts and
/// labels, as torch.nn.BCEWithLogitsLoss(pos_weight); smoothing moves targets by e / 2 towards the other side.
struct LossOptions {
  std::vector<float> class_weights{};  ///< [num_labels], or empty: all 1; of one label a text
  std::vector<float>
      pos_weights{};           ///< [num_labels], or empty: all 1; what a label's presence counts, of several labels
  double label_smoothing = 0;  ///< 0 ... 1
};

/// The sum of weights that a batch's loss is divided by. Parts of one large batch share the large batch's.
double LossWeight(const Targets& targets, size_t num_labels, const LossOptions& options);

/// Returns sum / weight and writes its gradient to grad [texts, num_labels].
double ComputeLoss(std::span<const float> logits, size_t num_labels, const Targets& targets, const LossOptions& options,
                   double weight, std::span<float> grad);

}  // namespace winnow
