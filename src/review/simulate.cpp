#include "review/simulate.h"

#include <algorithm>

#include "base/mutex.h"
#include "evaluate/intervals.h"
#include "review/fit.h"

namespace winnow {
namespace {

constexpr float kNameWeight = 0.3f;

double MacroF1Of(const DenseHead& head, const SimulationData& data) {
  std::vector<float> probabilities(data.test_truth.size() * data.labels);
  HeadProbabilities(head, {data.test.values, data.test.columns}, probabilities);
  Outcomes outcomes(data.labels);
  for (size_t i = 0; i < data.test_truth.size(); ++i) {
    const auto row = std::span(probabilities).subspan(i * data.labels, data.labels);
    const auto best = static_cast<int32_t>(std::ranges::max_element(row) - row.begin());
    outcomes.Add(std::span(&data.test_truth[i], 1), std::span(&best, 1));
  }
  return MacroF1(outcomes.Counts(), /*count_absent=*/false);
}

PreparedReview Prepared(const SimulationData& data, uint64_t seed) {
  PreparedReview prepared;
  const size_t texts = data.truth.size();
  prepared.features = data.pool;
  prepared.given.assign(texts, -1);
  prepared.random = RandomOrder(texts, seed);
  prepared.audits = AuditCount(texts);
  prepared.clusters = FindClusters(prepared.item_rows(), ClusterCount(texts, data.labels), seed);
  for (size_t l = 0; data.label_names && l < data.labels; ++l) {
    prepared.weak.push_back({texts + l, static_cast<int32_t>(l), kNameWeight});
  }
  return prepared;
}

/// Labels texts one after the other; returns the macro-F1 after each refit.
Result<std::vector<double>> Run(const SimulationData& data, const SimulationOptions& options, uint64_t seed,
                                bool by_queue, const std::function<void()>& advance) {
  const PreparedReview prepared = Prepared(data, seed);
  FitInput input{.labels = std::vector<int32_t>(data.truth.size(), kNotLabelled),
                 .blind = std::vector<bool>(data.truth.size()),
                 .num_labels = data.labels};
  FittedReview fitted = TRY(FitReview(prepared, input, nullptr));
  std::vector<double> curve;
  while (input.labelled < options.most_labels) {
    std::vector<QueuePlace> order = fitted.orders[static_cast<size_t>(Queue::kMixed)];
    if (!by_queue) {
      order.clear();
      for (const uint32_t item : prepared.random) order.push_back({item, Queue::kAudit});
    }
    size_t taken = 0;
    for (const QueuePlace& place : order) {
      if (input.labels[place.item] >= 0) continue;
      input.labels[place.item] = data.truth[place.item];
      ++input.labelled;
      if (++taken == options.every) break;
    }
    fitted = TRY(FitReview(prepared, input, &fitted));
    curve.push_back(MacroF1Of(fitted.head, data));
    if (advance) advance();
  }
  return curve;
}

}  // namespace

Result<Simulation> SimulateLabelling(const SimulationData& data, const SimulationOptions& options, ThreadPool& pool,
                                     const std::function<void()>& advance) {
  if (options.most_labels > data.truth.size() || options.every == 0 || options.most_labels < options.every) {
    return Fail(ErrorCode::kInvalidArgument, "the pool has fewer texts than labels are to be simulated");
  }
  SimulationOptions rounded = options;
  rounded.most_labels -= options.most_labels % options.every;
  Simulation simulation;
  for (size_t n = options.every; n <= rounded.most_labels; n += options.every) simulation.labels.push_back(n);
  simulation.random.resize(options.seeds), simulation.queue.resize(options.seeds);
  Mutex mutex;
  Result<void> failed;
  pool.ForRanges(options.seeds * 2, 1, [&](size_t begin, size_t end, int) {
    for (size_t run = begin; run < end; ++run) {
      const size_t seed = run / 2;
      Result<std::vector<double>> curve = Run(data, rounded, options.seed + seed, run % 2 == 1, advance);
      const MutexLock lock(mutex);
      if (!curve) {
        failed = std::unexpected(curve.error());
      } else {
        (run % 2 == 1 ? simulation.queue : simulation.random)[seed] = *std::move(curve);
      }
    }
  });
  TRY(std::move(failed));
  return simulation;
}

std::vector<double> MeanCurve(const std::vector<std::vector<double>>& curves) {
  std::vector<double> mean(curves.empty() ? 0 : curves.front().size());
  for (const std::vector<double>& curve : curves) {
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += curve[i] / static_cast<double>(curves.size());
  }
  return mean;
}

std::optional<double> LabelsToReach(std::span<const size_t> labels, std::span<const double> curve, double f1) {
  for (size_t i = 0; i < curve.size(); ++i) {
    if (curve[i] < f1) continue;
    if (i == 0 || curve[i] == curve[i - 1]) return static_cast<double>(labels[i]);
    const double share = (f1 - curve[i - 1]) / (curve[i] - curve[i - 1]);
    return static_cast<double>(labels[i - 1]) + share * static_cast<double>(labels[i] - labels[i - 1]);
  }
  return std::nullopt;
}

}  // namespace winnow
