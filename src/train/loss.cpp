#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

/// -log softmax(logits)[label], and its gradient times `scale`.
double CrossEntropy(const float* logits, size_t n, size_t label, double scale, float* grad) {
  const auto largest = static_cast<double>(*std::max_element(logits, logits + n));
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(logits[i]) - largest);
  for (size_t i = 0; i < n; ++i) {
    const double p = std::exp(static_cast<double>(logits[i]) - largest) / sum;
    grad[i] = static_cast<float>(scale * (p - (i == label ? 1.0 : 0.0)));
  }
  return std::log(sum) + largest - static_cast<double>(logits[label]);
}

/// Sum over labels of -target log sigmoid(x) - (1 - target) log sigmoid(-x), and its gradient times `scale`.
double BinaryCrossEntropy(const float* logits, const float* targets, size_t n, double scale, float* grad) {
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto x = static_cast<double>(logits[i]);
    const auto target = static_cast<double>(targets[i]);
    loss += std::max(x, 0.0) - x * target + std::log1p(std::exp(-std::abs(x)));
    grad[i] = static_cast<float>(scale * (1.0 / (1.0 + std::exp(-x)) - target));
  }
  return loss;
}

double WeightOf(const LossOptions& options, int32_t label) {
  return options.class_weights.empty() ? 1.0 : static_cast<double>(options.class_weights[static_cast<size_t>(label)]);
}

}  // namespace

double LossWeight(const Targets& targets, size_t num_labels, const LossOptions& options) {
  if (targets.multi_label()) return static_cast<double>(targets.targets.size() / num_labels * num_labels);
  double weight = 0;
  for (const int32_t label : targets.labels) weight += WeightOf(options, label);
  return weight;
}

double ComputeLoss(std::span<const float> logits, size_t num_labels, const Targets& targets, const LossOptions& options,
                   double weight, std::span<float> grad) {
  double loss = 0;
  const size_t texts = logits.size() / num_labels;
  for (size_t t = 0; t < texts; ++t) {
    const float* row = logits.data() + t * num_labels;
    float* row_grad = grad.data() + t * num_labels;
    if (targets.multi_label()) {
      loss += BinaryCrossEntropy(row, targets.targets.data() + t * num_labels, num_labels, 1.0 / weight, row_grad);
    } else {
      const double w = WeightOf(options, targets.labels[t]);
      loss += w * CrossEntropy(row, num_labels, static_cast<size_t>(targets.labels[t]), w / weight, row_grad);
    }
  }
  return loss / weight;
}

}  // namespace winnow
