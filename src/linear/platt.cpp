#include "linear/platt.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "linear/held_out_scores.h"

namespace winnow {
namespace {

constexpr size_t kFolds = 5;

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
  // Cross-validation of a few rows is biased against the truth: where a row is left out, its label is the rarer one. A
  // scale that turns the scores round would turn right predictions into wrong ones.
  if (a > 0) return {};
  return {static_cast<float>(a), static_cast<float>(b)};
}

std::vector<PlattScale> PlattScalesOf(std::span<const float> scores, std::span<const std::vector<int32_t>> truth,
                                      size_t outputs, bool multi_label, ThreadPool& pool) {
  const size_t n = truth.size();
  std::vector<PlattScale> scales(outputs);
  pool.ForRanges(outputs, 1, [&](size_t begin, size_t end, int) {
    std::vector<float> column(n);
    std::vector<char> positive(n);
    for (size_t k = begin; k < end; ++k) {
      const auto label = static_cast<int32_t>(outputs == 1 && !multi_label ? 1 : k);
      for (size_t row = 0; row < n; ++row) {
        column[row] = scores[row * outputs + k];
        positive[row] = std::ranges::find(truth[row], label) != truth[row].end();
      }
      scales[k] = FitPlattScale(column, positive);
    }
  });
  return scales;
}

Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, std::span<const std::vector<int32_t>> truth,
                                         size_t labels, bool multi_label, const SolverOptions& options, uint64_t seed,
                                         ThreadPool& pool) {
  const size_t n = rows.rows(), outputs = labels == 2 && !multi_label ? 1 : labels;
  if (truth.size() != n || n < 2) TRY(FitLinear(rows, truth, labels, multi_label, options, pool));
  std::vector<float> scores(n * outputs);
  if (n > 1) {
    scores = std::move(
        TRY(HeldOutScores(rows, truth, labels, multi_label, {&options, 1}, std::min(kFolds, n), seed, pool)).front());
  }
  return PlattScalesOf(scores, truth, outputs, multi_label, pool);
}

}  // namespace winnow
