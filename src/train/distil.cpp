#include "train/distil.h"

#include <algorithm>
#include <cmath>

namespace winnow {

void AddTeacher(std::span<const float> probabilities, size_t unlabelled, const DistilOptions& options, TextSet& set) {
  const size_t labels = set.num_labels;
  const size_t labelled = set.size() - unlabelled;
  if (set.multi_label) {
    for (size_t t = 0; t < set.size(); ++t) {
      const auto weight = static_cast<float>(t < labelled ? options.weight : 1.0);
      for (size_t i = t * labels; i < (t + 1) * labels; ++i) {
        set.targets[i] = (1 - weight) * set.targets[i] + weight * probabilities[i];
      }
    }
    return;
  }
  set.soft_weight = static_cast<float>(options.weight);
  set.soft_temperature = static_cast<float>(options.temperature);
  set.soft.resize(set.size() * labels);
  for (size_t t = 0; t < set.size(); ++t) {
    // softmax(log p / T) is softmax(z / T): a constant in the logits goes away.
    const float* from = probabilities.data() + t * labels;
    float* to = set.soft.data() + t * labels;
    double sum = 0;
    for (size_t i = 0; i < labels; ++i) {
      const double share = std::pow(std::max(static_cast<double>(from[i]), 1e-30), 1 / options.temperature);
      to[i] = static_cast<float>(share);
      sum += share;
    }
    for (size_t i = 0; i < labels; ++i) to[i] = static_cast<float>(static_cast<double>(to[i]) / sum);
  }
}

}  // namespace winnow
