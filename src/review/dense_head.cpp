#include "review/dense_head.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

#include "kernels/matmul.h"

namespace winnow {
namespace {

constexpr size_t kMemory = 10;  // pairs of steps and changes of the gradient

using Floats = std::vector<float>;

double Dot(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// The examples with labels numbered among those that occur.
class Problem {
 public:
  Problem(const DenseRows& features, std::span<const HeadExample> examples, std::span<const int32_t> seen, double C)
      : d_(features.columns), k_(seen.size()), n_(examples.size()) {
    x_.reserve(n_ * d_);
    for (const HeadExample& example : examples) {
      const auto row = features.row(example.row);
      x_.insert(x_.end(), row.begin(), row.end());
      const auto at = std::ranges::lower_bound(seen, example.label);
      truth_.push_back(static_cast<size_t>(at - seen.begin()));
      cost_.push_back(C * static_cast<double>(example.weight));
    }
  }

  size_t size() const { return k_ * (d_ + 1); }
  size_t scores() const { return n_ * k_; }

  /// scores [examples, labels] = X W' + bias; `w` are the weights [labels, features] and then the biases.
  void Scores(const Floats& w, Floats& scores) const {
    for (size_t i = 0; i < n_; ++i) std::copy_n(w.data() + k_ * d_, k_, scores.data() + i * k_);
    MatMulNT(n_, k_, d_, x_.data(), d_, w.data(), d_, 1, scores.data(), k_);
  }

  struct Along {
    double loss, slope, curve;
  };
  /// Returns the sum of losses at scores + step * direction, and its derivatives by the step.
  Along LossAlong(const Floats& scores, const Floats& direction, double step) const {
    Along sum{0, 0, 0};
    std::vector<double> z(k_);
    for (size_t i = 0; i < n_; ++i) {
      const float *s = scores.data() + i * k_, *d = direction.data() + i * k_;
      double most = -std::numeric_limits<double>::infinity();
      for (size_t j = 0; j < k_; ++j) {
        z[j] = static_cast<double>(s[j]) + step * static_cast<double>(d[j]);
        most = std::max(most, z[j]);
      }
      double total = 0, first = 0, second = 0;
      for (size_t j = 0; j < k_; ++j) {
        const double e = static_cast<double>(std::exp(static_cast<float>(z[j] - most))),
                     move = static_cast<double>(d[j]);
        total += e, first += e * move, second += e * move * move;
      }
      first /= total, second /= total;
      sum.loss += cost_[i] * (most + std::log(total) - z[truth_[i]]);
      sum.slope += cost_[i] * (first - static_cast<double>(d[truth_[i]]));
      sum.curve += cost_[i] * (second - first * first);
    }
    return sum;
  }

  /// Computes the gradient of the objective at `w`, whose scores are given. `errors` is scratch memory [scores()].
  void Gradient(const Floats& w, const Floats& scores, Floats& errors, Floats& gradient) const {
    std::copy_n(w.data(), k_ * d_, gradient.data());
    std::fill_n(gradient.data() + k_ * d_, k_, 0.0f);
    for (size_t i = 0; i < n_; ++i) {
      const float* s = scores.data() + i * k_;
      float* e = errors.data() + i * k_;
      const float most = *std::max_element(s, s + k_);
      float total = 0;
      for (size_t j = 0; j < k_; ++j) total += e[j] = std::exp(s[j] - most);
      const float factor = static_cast<float>(cost_[i]) / total;
      for (size_t j = 0; j < k_; ++j) e[j] *= factor;
      e[truth_[i]] -= static_cast<float>(cost_[i]);
      for (size_t j = 0; j < k_; ++j) gradient[k_ * d_ + j] += e[j];
    }
    MatMulTN(k_, d_, n_, errors.data(), k_, x_.data(), d_, 1, gradient.data(), d_);
  }

  double Penalty(const Floats& w) const {
    double sum = 0;
    for (size_t i = 0; i < k_ * d_; ++i) sum += static_cast<double>(w[i]) * static_cast<double>(w[i]);
    return sum / 2;
  }
  /// Returns the product of weights, without the biases.
  double PenaltyDot(const Floats& a, const Floats& b) const {
    double sum = 0;
    for (size_t i = 0; i < k_ * d_; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  }

 private:
  size_t d_, k_, n_;
  Floats x_;
  std::vector<size_t> truth_;
  std::vector<double> cost_;
};

/// The approximation of the inverse Hessian by the last steps.
class Memory {
 public:
  void Add(Floats step, Floats change) {
    const double product = Dot(step, change);
    if (product <= 1e-10 * Dot(change, change)) return;
    if (pairs_.size() == kMemory) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), product});
  }

  /// Returns minus the product with the gradient: the two-loop recursion.
  Floats Direction(const Floats& gradient) const {
    Floats q = gradient;
    std::vector<double> alpha(pairs_.size());
    for (size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = Dot(pairs_[i].step, q) / pairs_[i].product;
      for (size_t j = 0; j < q.size(); ++j) q[j] -= static_cast<float>(alpha[i]) * pairs_[i].change[j];
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const auto scale = static_cast<float>(last.product / Dot(last.change, last.change));
      for (float& value : q) value *= scale;
    }
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = Dot(pairs_[i].change, q) / pairs_[i].product;
      for (size_t j = 0; j < q.size(); ++j) q[j] += static_cast<float>(alpha[i] - beta) * pairs_[i].step[j];
    }
    for (float& value : q) value = -value;
    return q;
  }

 private:
  struct Pair {
    Floats step, change;
    double product;
  };
  std::deque<Pair> pairs_;
};

/// Returns the step along a direction that minimizes the objective, by Newton's method in one dimension with halving.
/// 0 if nothing is won.
double SearchStep(const Problem& problem, const Floats& w, const Floats& direction, const Floats& scores,
                  const Floats& moves, double& objective) {
  const double linear = problem.PenaltyDot(w, direction), square = problem.PenaltyDot(direction, direction);
  const double penalty = problem.Penalty(w);
  double best = 0, step = 0, least = objective;
  for (int i = 0; i < 6; ++i) {
    const Problem::Along along = problem.LossAlong(scores, moves, step);
    const double value = along.loss + penalty + step * linear + step * step * square / 2;
    const double slope = along.slope + linear + step * square, curve = along.curve + square;
    if (i > 0 && !(value < least)) {
      step = (best + step) / 2;
      continue;
    }
    if (i > 0) best = step, least = value;
    if (!(curve > 0)) break;
    const double next = step - slope / curve;
    if (std::abs(next - step) < 0.05 * std::abs(next)) break;
    step = std::max(next, 0.0);
  }
  objective = least;
  return best;
}

Floats Minimize(const Problem& problem, Floats w, const HeadOptions& options) {
  Floats scores(problem.scores()), moves(problem.scores()), errors(problem.scores());
  Floats gradient(problem.size()), next_gradient(problem.size());
  problem.Scores(w, scores);
  double objective = problem.LossAlong(scores, scores, 0).loss + problem.Penalty(w);
  problem.Gradient(w, scores, errors, gradient);
  Memory memory;
  int idle = 0;
  for (int i = 0; i < options.max_iterations && idle < 2; ++i) {
    Floats direction = memory.Direction(gradient);
    if (Dot(direction, gradient) >= 0) break;  // rounding: nothing is left to win
    problem.Scores(direction, moves);
    const double before = objective;
    const double step = SearchStep(problem, w, direction, scores, moves, objective);
    if (step == 0) break;
    for (float& value : direction) value *= static_cast<float>(step);
    for (size_t j = 0; j < w.size(); ++j) w[j] += direction[j];
    for (size_t j = 0; j < scores.size(); ++j) scores[j] += static_cast<float>(step) * moves[j];
    problem.Gradient(w, scores, errors, next_gradient);
    for (size_t j = 0; j < w.size(); ++j) gradient[j] = next_gradient[j] - gradient[j];
    memory.Add(std::move(direction), std::exchange(gradient, next_gradient));
    idle = before - objective < options.tolerance * objective ? idle + 1 : 0;
  }
  return w;
}

Result<void> Check(const DenseRows& features, std::span<const HeadExample> examples, size_t labels) {
  if (examples.empty()) return Fail(ErrorCode::kInvalidArgument, "a head cannot be fitted to no examples");
  for (const HeadExample& example : examples) {
    const bool valid = example.row < features.rows() && example.label >= 0 &&
                       static_cast<size_t>(example.label) < labels && example.weight >= 0;
    if (!valid) return Fail(ErrorCode::kInvalidArgument, "an example of a head is out of range");
  }
  return {};
}

}  // namespace

Result<DenseHead> FitHead(const DenseRows& features, std::span<const HeadExample> examples, size_t labels,
                          const HeadOptions& options, const DenseHead* start) {
  TRY(Check(features, examples, labels));
  DenseHead head{.labels = labels, .features = features.columns, .seen = {}, .weights = {}, .bias = {}};
  for (const HeadExample& example : examples) head.seen.push_back(example.label);
  std::ranges::sort(head.seen);
  head.seen.erase(std::ranges::unique(head.seen).begin(), head.seen.end());
  const size_t d = features.columns, k = head.seen.size();
  Floats w(k * (d + 1));
  if (start != nullptr && start->features == d) {
    for (size_t i = 0; i < k; ++i) {
      const auto at = std::ranges::lower_bound(start->seen, head.seen[i]);
      if (at == start->seen.end() || *at != head.seen[i]) continue;
      const auto from = static_cast<size_t>(at - start->seen.begin());
      std::copy_n(start->weights.data() + from * d, d, w.data() + i * d);
      w[k * d + i] = start->bias[from];
    }
  }
  if (k > 1) w = Minimize(Problem(features, examples, head.seen, options.C), std::move(w), options);
  head.weights.assign(w.begin(), w.begin() + static_cast<ptrdiff_t>(k * d));
  head.bias.assign(w.begin() + static_cast<ptrdiff_t>(k * d), w.end());
  // What the biases have in common changes nothing.
  const float mean = std::accumulate(head.bias.begin(), head.bias.end(), 0.0f) / static_cast<float>(k);
  for (float& bias : head.bias) bias -= mean;
  return head;
}

void HeadProbabilities(const DenseHead& head, const DenseRows& rows, std::span<float> probabilities) {
  const size_t n = rows.rows(), k = head.seen.size(), d = head.features;
  Floats scores(n * k);
  for (size_t i = 0; i < n; ++i) std::ranges::copy(head.bias, scores.data() + i * k);
  MatMulNT(n, k, d, rows.values.data(), d, head.weights.data(), d, 1, scores.data(), k);
  std::ranges::fill(probabilities, 0.0f);
  for (size_t i = 0; i < n; ++i) {
    float *s = scores.data() + i * k, *out = probabilities.data() + i * head.labels;
    const float most = *std::max_element(s, s + k);
    float total = 0;
    for (size_t j = 0; j < k; ++j) total += s[j] = std::exp(s[j] - most);
    for (size_t j = 0; j < k; ++j) out[head.seen[j]] = s[j] / total;
  }
}

}  // namespace winnow
