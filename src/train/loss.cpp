#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

double At(const std::vector<float>& weights, size_t label) {
  return weights.empty() ? 1.0 : static_cast<double>(weights[label]);
}

/// sum_i factor(i) (-log softmax(logits / temperature)_i); adds `scale` times its gradient to `grad`.
template <class Factor>
double CrossEntropy(const float* logits, size_t n, double temperature, const Factor& factor, double scale,
                    float* grad) {
  const auto at = [&](size_t i) { return static_cast<double>(logits[i]) / temperature; };
  double largest = at(0);
  for (size_t i = 1; i < n; ++i) largest = std::max(largest, at(i));
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(at(i) - largest);
  const double log_sum = std::log(sum) + largest;
  double loss = 0, factors = 0;
  for (size_t i = 0; i < n; ++i) {
    factors += factor(i);
    loss += factor(i) * (log_sum - at(i));
  }
  for (size_t i = 0; i < n; ++i) {
    const double p = std::exp(at(i) - largest) / sum;
    grad[i] += static_cast<float>(scale / temperature * (factors * p - factor(i)));
  }
  return loss;
}

/// The loss of text t with one label, and its gradient times `scale`.
double SingleLabelLoss(const float* logits, size_t n, const Targets& targets, size_t t, const LossOptions& options,
                       double scale, float* grad) {
  std::fill_n(grad, n, 0.0f);
  const bool soft = !targets.soft.empty();
  const int32_t label = targets.labels[t];
  const double soft_weight = soft ? static_cast<double>(targets.soft_weight) : 0;
  double loss = 0;
  if (label >= 0 && soft_weight < 1) {
    // What each label's -log p is multiplied by.
    const double spread = options.label_smoothing / static_cast<double>(n);
    const auto factor = [&](size_t i) {
      const double hit = i == static_cast<size_t>(label) ? 1.0 - options.label_smoothing : 0.0;
      return (1.0 - soft_weight) * At(options.class_weights, i) * (spread + hit);
    };
    loss += CrossEntropy(logits, n, 1.0, factor, scale, grad);
  }
  if (soft_weight > 0) {
    const auto temperature = static_cast<double>(targets.soft_temperature);
    const float* wanted = targets.soft.data() + t * n;
    const auto factor = [&](size_t i) {
      return soft_weight * temperature * temperature * At(options.class_weights, i) * static_cast<double>(wanted[i]);
    };
    loss += CrossEntropy(logits, n, temperature, factor, scale, grad);
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
  if (!targets.soft.empty()) return static_cast<double>(targets.labels.size());
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
      loss += SingleLabelLoss(row, num_labels, targets, t, options, 1.0 / weight, row_grad);
    }
  }
  return loss / weight;
}

}  // namespace winnow
