#include "linear/platt.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

#include "base/random.h"

namespace winnow {
namespace {

constexpr size_t kFolds = 5;

/// Each row's fold: rows of one label (several: of one set of labels) are dealt out in turns, the next label's going on
/// where these ended, so that folds are of one size.
std::vector<size_t> Folds(std::span<const std::vector<int32_t>> truth, size_t folds, uint64_t seed) {
  std::map<std::vector<int32_t>, std::vector<size_t>> groups;
  for (size_t row = 0; row < truth.size(); ++row) groups[truth[row]].push_back(row);
  Random random(seed, "platt");
  std::vector<size_t> fold(truth.size());
  size_t next = 0;
  for (auto& [labels, rows] : groups) {
    random.Shuffle(rows);
    for (const size_t row : rows) fold[row] = next++ % folds;
  }
  return fold;
}

struct Subset {
  SparseRows rows;
  std::vector<std::vector<int32_t>> truth;
  SolverOptions options;
};

Subset AllBut(size_t left_out, const std::vector<size_t>& fold, const SparseRows& rows,
              std::span<const std::vector<int32_t>> truth, const SolverOptions& options) {
  Subset subset{{}, {}, options};
  subset.rows.num_columns = rows.num_columns;
  subset.options.row_weights.clear();
  for (size_t row = 0; row < fold.size(); ++row) {
    if (fold[row] == left_out) continue;
    const auto columns = rows.columns_of(row);
    const auto values = rows.values_of(row);
    subset.rows.columns.insert(subset.rows.columns.end(), columns.begin(), columns.end());
    subset.rows.values.insert(subset.rows.values.end(), values.begin(), values.end());
    subset.rows.begins.push_back(subset.rows.columns.size());
    subset.truth.push_back(truth[row]);
    if (!options.row_weights.empty()) subset.options.row_weights.push_back(options.row_weights[row]);
  }
  return subset;
}

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
  return {static_cast<float>(a), static_cast<float>(b)};
}

Result<std::vector<PlattScale>> FitPlatt(const SparseRows& rows, std::span<const std::vector<int32_t>> truth,
                                         size_t labels, bool multi_label, const SolverOptions& options, uint64_t seed,
                                         ThreadPool& pool) {
  const size_t n = rows.rows(), outputs = labels == 2 && !multi_label ? 1 : labels;
  if (truth.size() != n || n < 2) TRY(FitLinear(rows, truth, labels, multi_label, options, pool));
  const size_t folds = std::min(kFolds, n);
  std::vector<float> scores(n * outputs);
  if (folds > 1) {
    const std::vector<size_t> fold = Folds(truth, folds, seed);
    // Folds side by side where one output leaves threads without work; else each on all threads.
    std::vector<Result<void>> results(folds);
    const auto run = [&](size_t left_out, ThreadPool& threads) {
      results[left_out] = [&]() -> Result<void> {
        const Subset subset = AllBut(left_out, fold, rows, truth, options);
        const LinearWeights model =
            TRY(FitLinear(subset.rows, subset.truth, labels, multi_label, subset.options, threads));
        for (size_t row = 0; row < n; ++row) {
          if (fold[row] != left_out) continue;
          float* out = &scores[row * outputs];
          std::copy(model.bias.begin(), model.bias.end(), out);
          for (size_t e = rows.begins[row]; e < rows.begins[row + 1]; ++e) {
            const float* w = &model.weights[static_cast<size_t>(rows.columns[e]) * outputs];
            for (size_t k = 0; k < outputs; ++k) out[k] += rows.values[e] * w[k];
          }
        }
        return {};
      }();
    };
    if (outputs == 1) {
      std::atomic<size_t> next = 0;
      pool.Run([&](int) {
        ThreadPool alone(1);
        for (size_t i; (i = next.fetch_add(1)) < folds;) run(i, alone);
      });
    } else {
      for (size_t i = 0; i < folds; ++i) run(i, pool);
    }
    for (Result<void>& result : results) TRY(std::move(result));
  }
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
      scales[k] = FitPlattScale(column, positive, options.row_weights);
    }
  });
  return scales;
}

}  // namespace winnow
