/// Simulation of labelling: how many labels a head needs to reach a macro-F1 if texts come in the order of the queue,
/// and if they come in random order. The true labels take the place of people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "review/dense_head.h"
#include "review/text_features.h"

namespace winnow {

struct SimulationData {
  TextFeatures pool = {};           ///< [texts and names of labels, columns]
  std::vector<int32_t> truth = {};  ///< [texts] of the pool
  TextFeatures test = {};           ///< [test texts, columns]
  std::vector<int32_t> test_truth = {};
  size_t labels = 0;
  bool label_names = false;  ///< the pool's features end with a row for each label's name
};

struct SimulationOptions {
  size_t most_labels = 500;  ///< number of labels at the end of each run
  size_t every = 10;         ///< labels between two refits and measurements
  size_t seeds = 5;
  uint64_t seed = 42;  ///< the first seed
};

/// Curves of macro-F1 on the test texts, [seeds][points]. Point i is at labels[i] labels.
struct Simulation {
  std::vector<size_t> labels;
  std::vector<std::vector<double>> random, queue;
};

/// Simulates with the queue `mixed`, every fifth text of which is random, and with random order, both with the same
/// head. `advance` is called for each refit, from any thread. Errors: those of FitHead; kInvalidArgument for fewer
/// texts than labels to simulate.
Result<Simulation> SimulateLabelling(const SimulationData& data, const SimulationOptions& options, ThreadPool& pool,
                                     const std::function<void()>& advance);

/// Returns the mean of curves at each point.
std::vector<double> MeanCurve(const std::vector<std::vector<double>>& curves);

/// Returns the number of labels at which a curve first reaches a macro-F1, interpolated linearly between points.
/// Nothing if it does not.
std::optional<double> LabelsToReach(std::span<const size_t> labels, std::span<const double> curve, double f1);

}  // namespace winnow
