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
  /// Number of texts in the training and validation part; metrics.count is that of the test part.
  int64_t train = 0, validation = 0;
  std::optional<double> best_epoch = {};  ///< best epoch; none for a linear model
  double seconds = 0;                     ///< wall time of the training
  Metrics metrics;                        ///< metrics on the fold's texts
};

struct CrossValidation {
  std::vector<FoldResult> folds;
  Metrics pooled;  ///< metrics on all texts, each decided by the model that was not trained on it
};

struct Spread {
  double mean = 0;
  double deviation = 0;  ///< sample standard deviation (n - 1) over the folds
};

/// Returns the metric with that name in MetricByName; nothing if it is unknown or not defined for these texts.
std::optional<double> DefinedMetric(const Metrics& metrics, std::string_view name);

/// Returns mean and deviation of a metric that MetricByName knows; nothing if a fold does not define it, or if there
/// are fewer than two folds.
std::optional<Spread> SpreadOf(const CrossValidation& result, std::string_view metric);

}  // namespace winnow
