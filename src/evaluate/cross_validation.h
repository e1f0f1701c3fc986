/// The figures of a cross-validation: several trainings of one recipe, each measured on a fold that it has not seen
/// (Stone 1974; Kohavi 1995).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
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

/// Of a figure that MetricByName knows; nothing where a fold does not define it, or there are fewer than two folds.
std::optional<Spread> SpreadOf(const CrossValidation& result, std::string_view metric);

/// The folds as a table with mean and deviation, then ReportText of the pooled figures.
std::string CrossValidationText(const CrossValidation& result);

/// {folds: [{fold, train_count, validation_count, test_count, best_epoch, seconds, figures by name}], mean: {figures},
/// standard_deviation: {figures}, pooled: evaluate's document}.
Json CrossValidationJson(const CrossValidation& result);

}  // namespace winnow
