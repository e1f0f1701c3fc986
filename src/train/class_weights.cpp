#include "train/class_weights.h"

#include <algorithm>

namespace winnow {

std::vector<float> BalancedClassWeights(std::span<const int32_t> labels, size_t classes) {
  std::vector<size_t> counts(classes, 0);
  size_t labelled = 0;
  for (const int32_t label : labels) {
    if (label < 0) continue;  // an unlabelled text, for distillation
    ++counts[static_cast<size_t>(label)];
    ++labelled;
  }
  std::vector<float> weights(classes, 1.0f);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    weights[i] = static_cast<float>(static_cast<double>(labelled) /
                                    (static_cast<double>(counts.size()) * static_cast<double>(counts[i])));
  }
  return weights;
}

std::vector<float> BalancedPosWeights(const TextSet& set) {
  constexpr float kMost = 100;  // a label of nearly every or no text would drown the others
  std::vector<float> with(set.num_labels, 0.0f);
  for (size_t i = 0; i < set.targets.size(); ++i) with[i % set.num_labels] += set.targets[i];
  for (float& weight : with) {
    weight = weight == 0 ? 1.0f : std::clamp((static_cast<float>(set.size()) - weight) / weight, 1 / kMost, kMost);
  }
  return with;
}

}  // namespace winnow
