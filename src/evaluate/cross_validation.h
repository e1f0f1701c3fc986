/// The metrics of a cross-validation: several trainings of one configuration, each measured on its held-out fold
/// (Stone 1974; Kohavi 1995).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/metrics.h"

namespace winnow {

struct FoldResult {
  int64_t train = 0, validation = 0;      ///< texts; those of the test are metrics.count
  std::optional<double> best_epoch = {};  ///< none of a linear model
  double seconds = 0;                     ///< of the training
  Metrics metrics;                        ///< of the fold's texts
};

struct CrossValidation {
  std::vector<FoldResult> folds;
  Metrics pooled;  ///< of all texts, each as the model decided that had not seen it
};

struct Spread {
  double mean = 0;
  double deviation = 0;  ///< sample standard deviation (n - 1) over the folds
};

/// The metric that MetricByName knows by that name; nothing if it is unknown or not defined for these texts.
std::optional<double> DefinedMetric(const Metrics& metrics, std::string_view name);

/// Mean and deviation of a metric that MetricByName knows; nothing if a fold does not define it, or there are fewer
/// than two folds.
std::optional<Spread> SpreadOf(const CrossValidation& result, std::string_view metric);

}  // namespace winnow
