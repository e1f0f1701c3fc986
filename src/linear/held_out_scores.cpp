#include "linear/held_out_scores.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

namespace winnow {
namespace {

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

}  // namespace

std::vector<size_t> FoldsByLabel(std::span<const std::vector<int32_t>> truth, size_t folds, Random random) {
  std::map<std::vector<int32_t>, std::vector<size_t>> groups;
  for (size_t row = 0; row < truth.size(); ++row) groups[truth[row]].push_back(row);
  std::vector<size_t> fold(truth.size());
  size_t next = 0;
  for (auto& [labels, rows] : groups) {
    random.Shuffle(rows);
    for (const size_t row : rows) fold[row] = next++ % folds;
  }
  return fold;
}

Result<std::vector<std::vector<float>>> HeldOutScores(const SparseRows& rows, const LinearLabels& truth,
                                                      std::span<const SolverOptions> candidates, size_t folds,
                                                      uint64_t seed, ThreadPool& pool) {
  const size_t n = rows.rows(), outputs = truth.outputs();
  const size_t tasks = candidates.size() * folds;
  const std::vector<size_t> fold = FoldsByLabel(truth.ids, folds, Random(seed, "platt"));
  std::vector<std::vector<float>> scores(candidates.size(), std::vector<float>(n * outputs));
  std::vector<Result<void>> results(tasks);
  const auto run = [&](size_t task, ThreadPool& threads) -> Result<void> {
    const size_t left_out = task % folds, candidate = task / folds;
    const Subset subset = AllBut(left_out, fold, rows, truth.ids, candidates[candidate]);
    const LinearLabels labels{subset.truth, truth.labels, truth.multi_label};
    const LinearWeights model = TRY(FitLinear(subset.rows, labels, subset.options, threads));
    for (size_t row = 0; row < n; ++row) {
      if (fold[row] != left_out) continue;
      float* out = &scores[candidate][row * outputs];
      std::copy(model.bias.begin(), model.bias.end(), out);
      for (size_t e = rows.begins[row]; e < rows.begins[row + 1]; ++e) {
        const float* w = &model.weights[static_cast<size_t>(rows.columns[e]) * outputs];
        for (size_t k = 0; k < outputs; ++k) out[k] += rows.values[e] * w[k];
      }
    }
    return {};
  };
  // Side by side if that keeps all threads busy, or if one output leaves threads without work; else one after the
  // other, each on all threads.
  if (outputs == 1 || tasks >= static_cast<size_t>(pool.size())) {
    std::atomic<size_t> next = 0;
    pool.Run([&](int) {
      ThreadPool alone(1);
      for (size_t i; (i = next.fetch_add(1)) < tasks;) results[i] = run(i, alone);
    });
  } else {
    for (size_t i = 0; i < tasks; ++i) results[i] = run(i, pool);
  }
  for (Result<void>& result : results) TRY(std::move(result));
  return scores;
}

}  // namespace winnow
