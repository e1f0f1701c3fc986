// Parameters are [scale, bias]. With p the probabilities of a text and t its targets, the loss has the gradient
//   d/d bias_k = sum (p_k - t_k),   d/d scale_k = sum (p_k - t_k) z_k      (softmax and sigmoid alike)
// A scale that would fall below its bound is held there and the others are found again: at most once a label.
#include "decide/vector_scaling.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

namespace winnow {
namespace {

using Vector = std::vector<double>;

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class Loss {
 public:
  Loss(std::span<const float> logits, std::span<const uint8_t> targets, size_t labels, bool multi_label, double centre)
      : logits_(logits), targets_(targets), labels_(labels), multi_label_(multi_label), centre_(centre), row_(labels) {}

  /// The loss at `at`, and its gradient; 0 in the places that are held.
  double operator()(const Vector& at, const std::vector<bool>& held, Vector& gradient) {
    double loss = 0;
    for (size_t k = 0; k < labels_; ++k) {
      const double away = at[k] - centre_, bias = at[labels_ + k];
      loss += 0.5 * (away * away + bias * bias);
      gradient[k] = away;
      gradient[labels_ + k] = bias;
    }
    for (size_t begin = 0; begin < logits_.size(); begin += labels_) loss += AddText(at, begin, gradient);
    for (size_t k = 0; k < labels_; ++k) {
      if (held[k]) gradient[k] = 0;
    }
    return loss;
  }

 private:
  double AddText(const Vector& at, size_t begin, Vector& gradient) {
    double loss = 0, largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < labels_; ++k) {
      row_[k] = at[k] * static_cast<double>(logits_[begin + k]) + at[labels_ + k];
      largest = std::max(largest, row_[k]);
    }
    if (!multi_label_) {
      for (size_t k = 0; k < labels_; ++k) sum += std::exp(row_[k] - largest);
      loss = largest + std::log(sum);
    }
    for (size_t k = 0; k < labels_; ++k) {
      const bool has = targets_[begin + k] != 0;
      double probability;
      if (multi_label_) {
        const double power = std::exp(-std::abs(row_[k]));
        probability = (row_[k] < 0 ? power : 1.0) / (1.0 + power);
        loss += std::log1p(power) + std::max(0.0, has ? -row_[k] : row_[k]);
      } else {
        probability = std::exp(row_[k] - largest) / sum;
        if (has) loss -= row_[k];
      }
      const double error = probability - (has ? 1.0 : 0.0);
      gradient[k] += error * static_cast<double>(logits_[begin + k]);
      gradient[labels_ + k] += error;
    }
    return loss;
  }

  std::span<const float> logits_;
  std::span<const uint8_t> targets_;
  size_t labels_;
  bool multi_label_;
  double centre_;
  Vector row_;
};

/// -H gradient, H the inverse Hessian that the last steps tell (Nocedal & Wright, algorithm 7.4).
struct Memory {
  struct Pair {
    Vector step, change;
    double inverse;
  };
  std::deque<Pair> pairs;

  void Add(Vector step, Vector change) {
    const double product = Dot(step, change);
    if (!(product > 1e-300)) return;
    pairs.push_back({std::move(step), std::move(change), 1 / product});
    if (pairs.size() > 10) pairs.pop_front();
  }
  Vector Direction(Vector q) const {
    Vector alpha(pairs.size());
    for (size_t i = pairs.size(); i-- > 0;) {
      alpha[i] = pairs[i].inverse * Dot(pairs[i].step, q);
      for (size_t j = 0; j < q.size(); ++j) q[j] -= alpha[i] * pairs[i].change[j];
    }
    if (!pairs.empty()) {
      const Pair& last = pairs.back();
      const double scale = 1 / (last.inverse * Dot(last.change, last.change));
      for (double& value : q) value *= scale;
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      const double beta = pairs[i].inverse * Dot(pairs[i].change, q);
      for (size_t j = 0; j < q.size(); ++j) q[j] += pairs[i].step[j] * (alpha[i] - beta);
    }
    for (double& value : q) value = -value;
    return q;
  }
};

void MinimizeLoss(Loss& loss, const std::vector<bool>& held, Vector& at) {
  Vector gradient(at.size()), next(at.size()), next_gradient(at.size());
  double value = loss(at, held, gradient);
  const double enough = 1e-18 * std::max(1.0, Dot(gradient, gradient));
  Memory memory;
  for (int iteration = 0; iteration < 1000 && Dot(gradient, gradient) > enough; ++iteration) {
    Vector direction = memory.Direction(gradient);
    double slope = Dot(direction, gradient);
    double length = 1;
    if (memory.pairs.empty()) length = 1 / std::max(1.0, std::sqrt(Dot(gradient, gradient)));
    bool moved = false;
    for (int halving = 0; halving < 60 && !moved; ++halving, length /= 2) {
      for (size_t i = 0; i < at.size(); ++i) next[i] = at[i] + length * direction[i];
      const double there = loss(next, held, next_gradient);
      if (!(there <= value + 1e-4 * length * slope)) continue;  // Armijo; also where it is not a number
      moved = true;
      Vector step(at.size()), change(at.size());
      for (size_t i = 0; i < at.size(); ++i) {
        step[i] = next[i] - at[i];
        change[i] = next_gradient[i] - gradient[i];
      }
      memory.Add(std::move(step), std::move(change));
      value = there;
      at.swap(next);
      gradient.swap(next_gradient);
    }
    if (moved) continue;
    if (memory.pairs.empty()) return;  // as low as numbers of this size tell
    memory.pairs.clear();              // steepest descent once more
  }
}

}  // namespace

Calibration FitVectorScaling(std::span<const float> logits, std::span<const uint8_t> targets, size_t labels,
                             bool multi_label, double temperature) {
  const double centre = std::max(1 / temperature, kMinScale);
  Loss loss(logits, targets, labels, multi_label, centre);
  std::vector<bool> held(labels, false);
  Vector at(2 * labels, 0);
  std::fill_n(at.begin(), labels, centre);
  for (bool found = true; found;) {
    MinimizeLoss(loss, held, at);
    found = false;
    for (size_t k = 0; k < labels; ++k) {
      if (held[k] || at[k] >= kMinScale) continue;
      at[k] = kMinScale;
      held[k] = found = true;
    }
  }
  Calibration calibration{.method = CalibrationMethod::kVector};
  calibration.scale.assign(at.begin(), at.begin() + static_cast<std::ptrdiff_t>(labels));
  calibration.bias.assign(at.begin() + static_cast<std::ptrdiff_t>(labels), at.end());
  return calibration;
}

}  // namespace winnow
