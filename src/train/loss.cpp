#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

double At(const std::vector<float>& weights, size_t label) {
  return weights.empty() ? 1.0 : static_cast<double>(weights[label]);
}

/// The loss of one text with one label, and its gradient times `scale`.
double CrossEntropy(const float* logits, size_t n, size_t label, const LossOptions& options, double scale,
                    float* grad) {
  const auto largest = static_cast<double>(*std::max_element(logits, logits + n));
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(logits[i]) - largest);
  const double log_sum = std::log(sum) + largest;
  // What each label's -log p is multiplied by.
  const double spread = options.label_smoothing / static_cast<double>(n);
  const auto factor = [&](size_t i) {
    return spread * At(options.class_weights, i) +
           (i == label ? (1.0 - options.label_smoothing) * At(options.class_weights, i) : 0.0);
  };
  double loss = 0, factors = 0;
  for (size_t i = 0; i < n; ++i) {
    factors += factor(i);
    loss += factor(i) * (log_sum - static_cast<double>(logits[i]));
  }
  for (size_t i = 0; i < n; ++i) {
    const double p = std::exp(static_cast<double>(logits[i]) - largest) / sum;
    grad[i] = static_cast<float>(scale * (factors * p - factor(i)));
  }
  return loss;
}

/// Sum over labels of -w target log sigmoid(x) - (1 - target) log sigmoid(-x), and its gradient times `scale`.
double BinaryCrossEntropy(const float* logits, const float* targets, size_t n, const LossOptions& options, double scale,
                          float* grad) {
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto x = static_cast<double>(logits[i]);
    const double target =
        static_cast<double>(targets[i]) * (1.0 - options.label_smoothing) + options.label_smoothing / 2;
    // Both terms contain log(1 + exp(-x)): (1 - t) x + (1 + (w - 1) t) log(1 + exp(-x)).
    const double shared = 1.0 + (At(options.pos_weights, i) - 1.0) * target;
    const double softplus = std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    loss += (1.0 - target) * x + shared * softplus;
    grad[i] = static_cast<float>(scale * ((1.0 - target) - shared / (1.0 + std::exp(x))));
  }
  return loss;
}

}  // namespace

double LossWeight(const Targets& targets, size_t num_labels, const LossOptions& options) {
  if (targets.multi_label()) return static_cast<double>(targets.targets.size() / num_labels * num_labels);
  double weight = 0;
  for (const int32_t label : targets.labels) weight += At(options.class_weights, static_cast<size_t>(label));
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
      loss +=
          BinaryCrossEntropy(row, targets.targets.data() + t * num_labels, num_labels, options, 1.0 / weight, row_grad);
    } else {
      loss += CrossEntropy(row, num_labels, static_cast<size_t>(targets.labels[t]), options, 1.0 / weight, row_grad);
    }
  }
  return loss / weight;
}

}  // namespace winnow
