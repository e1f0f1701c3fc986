/// Random predictions that Python can make too, for comparisons of metrics with scikit-learn's.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "support/lcg.h"

namespace winnow {

struct MetricSample {
  std::vector<float> probabilities;        ///< [texts, labels]
  std::vector<int32_t> truth;              ///< [texts] label ids of a single-label sample
  std::vector<std::vector<int32_t>> sets;  ///< [texts] sets of label ids of a multi-label sample
  std::vector<std::string> labels;
};

/// Returns a single-label sample, in Python:
///   def lcg(n, seed):                       # Knuth's MMIX generator, 31 bits
///       s, out = seed, []
///       for _ in range(n): s = (s * 6364136223846793005 + 1442695040888963407) % 2**64; out.append((s >> 33) / 2**31)
///       return np.array(out)
///   def case(n, k, levels, seed, edge, classes):
///       u = lcg(n * k, seed).reshape(n, k); t = (lcg(n, seed + 1) * classes).astype(int)
///       w = np.floor(u * levels) + 1; w[np.arange(n), t] += edge
///       return (w / w.sum(1, keepdims=True)).astype(np.float32), t
/// Few levels make many ties.
inline MetricSample SingleLabelSample(size_t texts, size_t labels, int levels, uint64_t seed, double edge,
                                      int classes) {
  MetricSample sample;
  Lcg weights(seed), truth(seed + 1);
  for (size_t n = 0; n < texts; ++n) {
    sample.truth.push_back(static_cast<int32_t>(truth.Next() * classes));
    std::vector<double> row(labels);
    for (double& weight : row) weight = std::floor(weights.Next() * levels) + 1;
    row[static_cast<size_t>(sample.truth[n])] += edge;
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (const double weight : row) sample.probabilities.push_back(static_cast<float>(weight / sum));
  }
  for (size_t k = 0; k < labels; ++k) sample.labels.push_back("label" + std::to_string(k));
  return sample;
}

/// Returns a multi-label sample, in Python:
///   y = (lcg(n*k, seed+1) < cut)
///   p = ((np.floor(lcg(n*k, seed) * levels) + edge * y) / (levels + edge)).astype(np.float32)
inline MetricSample MultiLabelSample(size_t texts, size_t labels, int levels, uint64_t seed, double cut, int edge) {
  MetricSample sample;
  Lcg weights(seed), truth(seed + 1);
  for (size_t n = 0; n < texts; ++n) {
    sample.sets.emplace_back();
    for (size_t k = 0; k < labels; ++k) {
      const bool has = truth.Next() < cut;
      if (has) sample.sets.back().push_back(static_cast<int32_t>(k));
      sample.probabilities.push_back(
          static_cast<float>((std::floor(weights.Next() * levels) + (has ? edge : 0)) / (levels + edge)));
    }
  }
  for (size_t k = 0; k < labels; ++k) sample.labels.push_back("label" + std::to_string(k));
  return sample;
}

/// Computes the metrics of a sample, by the most probable labels or those of at least .5.
inline Metrics MetricsOfSample(const MetricSample& sample, int32_t positive = -1) {
  const auto metrics =
      sample.sets.empty()
          ? ComputeMetrics(sample.probabilities, sample.truth, sample.labels, {.positive_label = positive})
          : ComputeMultiLabelMetrics(sample.probabilities, sample.sets, sample.labels, {.positive_label = positive});
  EXPECT_TRUE(metrics) << metrics.error().Text();
  return metrics.value_or(Metrics{});
}

}  // namespace winnow
