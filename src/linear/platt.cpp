#include "linear/platt.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "linear/held_out_scores.h"

namespace winnow {
namespace {

constexpr size_t kFolds = 5;

/// A scale whose effect on scores of this spread is smaller orders the rows by chance.
constexpr double kLeastEffect = 1e-3;

/// The sum of log losses of a scale; t are targets.
double Loss(std::span<const float> scores, const std::vector<double>& t, const std::vector<double>& w, double a,
            double b) {
  double loss = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double f = static_cast<double>(scores[i]) * a + b;
    loss += w[i] * (f >= 0 ? t[i] * f + std::log1p(std::exp(-f)) : (t[i] - 1) * f + std::log1p(std::exp(f)));
  }
  return loss;
}

/// The standard deviation of the scores.
double SpreadOf(std::span<const float> scores, const std::vector<double>& w) {
  double all = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    all += w[i];
    sum += w[i] * static_cast<double>(scores[i]);
  }
  const double mean = sum / all;
  for (size_t i = 0; i < scores.size(); ++i) squares += w[i] * std::pow(static_cast<double>(scores[i]) - mean, 2);
  return std::sqrt(squares / all);
}

/// The most likely b of the scale {-1, b}. The loss is convex in b, and its slope, the sum of the targets minus that of
/// the probabilities, rises with it: found by bisection.
double ShiftOf(std::span<const float> scores, const std::vector<double>& t, const std::vector<double>& w) {
  const auto slope = [&](double b) {
    double sum = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      sum += w[i] * (t[i] - 1 / (1 + std::exp(b - static_cast<double>(scores[i]))));
    }
    return sum;
  };
  const auto [least, most] = std::ranges::minmax(scores);
  // Targets are nearer to 0 and 1 than these bounds only for more than e^40 rows.
  double low = static_cast<double>(least) - 40, high = static_cast<double>(most) + 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (slope(middle) < 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

PlattScale FitPlattScale(std::span<const float> scores, std::span<const char> positive,
                         std::span<const float> weights) {
  const size_t n = scores.size();
  double with = 0, without = 0;
  std::vector<double> t(n), w(n, 1.0);
  for (size_t i = 0; i < n; ++i) {
    if (!weights.empty()) w[i] = static_cast<double>(weights[i]);
    (positive[i] ? with : without) += w[i];
  }
  for (size_t i = 0; i < n; ++i) t[i] = positive[i] ? (with + 1) / (with + 2) : 1 / (without + 2);
  double a = 0, b = std::log((without + 1) / (with + 1));
  // With one answer only, scores can't tell it from the other.
  if (with <= 0 || without <= 0) return {0.0f, static_cast<float>(b)};
  double loss = Loss(scores, t, w, a, b);
  for (int iteration = 0; iteration < 100; ++iteration) {
    double haa = 1e-12, hbb = 1e-12, hab = 0, ga = 0, gb = 0;  // a little, for the Hessian to have an inverse
    for (size_t i = 0; i < n; ++i) {
      const double s = static_cast<double>(scores[i]), f = s * a + b;
      const double e = std::exp(-std::abs(f)), p = f >= 0 ? e / (1 + e) : 1 / (1 + e);
      const double curve = w[i] * p * (1 - p), slope = w[i] * (t[i] - p);
      haa += s * s * curve, hbb += curve, hab += s * curve;
      ga += s * slope, gb += slope;
    }
    if (std::abs(ga) < 1e-5 && std::abs(gb) < 1e-5) break;
    const double determinant = haa * hbb - hab * hab;
    const double da = -(hbb * ga - hab * gb) / determinant, db = -(haa * gb - hab * ga) / determinant;
    const double descent = ga * da + gb * db;
    double step = 1;
    for (; step >= 1e-10; step /= 2) {
      const double next = Loss(scores, t, w, a + step * da, b + step * db);
      if (next < loss + 1e-4 * step * descent) {
        a += step * da, b += step * db, loss = next;
        break;
      }
    }
    if (step < 1e-10) break;
  }
  // Held-out scores of few rows can be lower where the label is: a fold that holds out more of a label is fitted to
  // fewer of it, and its intercept is lower. A scale with a > 0 would turn the model around.
  if (!(a * SpreadOf(scores, w) < -kLeastEffect)) return {-1, static_cast<float>(ShiftOf(scores, t, w))};
  return {static_cast<float>(a), static_cast<float>(b)};
}

std::vector<PlattScale> PlattScalesOf(std::span<const float> scores, const LinearLabels& truth, ThreadPool& pool) {
  const size_t n = truth.ids.size(), outputs = truth.outputs();
  std::vector<PlattScale> scales(outputs);
  pool.ForRanges(outputs, 1, [&](size_t begin, size_t end, int) {
    std::vector<float> column(n);
    std::vector<char> positive(n);
    for (size_t k = begin; k < end; ++k) {
      const auto label = static_cast<int32_t>(truth.binary() ? 1 : k);
      for (size_t row = 0; row < n; ++row) {
        column[row] = scores[row * outputs + k];
        positive[row] = std::ranges::find(truth.ids[row], label) != truth.ids[row].end();
      }
      scales[k] = FitPlattScale(column, positive);
    }
  });
  return scales;
}

Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, const LinearLabels& truth,
                                         const SolverOptions& options, uint64_t seed, ThreadPool& pool) {
  const size_t n = rows.rows();
  // Folds need two rows with labels: without them, for the errors of a fit alone.
  if (truth.ids.size() != n || n < 2) TRY(FitLinear(rows, truth, options, pool));
  std::vector<float> scores(n * truth.outputs());
  if (n > 1) {
    scores = std::move(TRY(HeldOutScores(rows, truth, {&options, 1}, std::min(kFolds, n), seed, pool)).front());
  }
  return PlattScalesOf(scores, truth, pool);
}

}  // namespace winnow
