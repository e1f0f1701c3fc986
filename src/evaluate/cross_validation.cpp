#include "evaluate/cross_validation.h"

#include <cmath>

namespace winnow {

std::optional<double> DefinedMetric(const Metrics& metrics, std::string_view name) {
  const Result<double> value = MetricByName(metrics, name);
  return value && std::isfinite(*value) ? std::optional(*value) : std::nullopt;
}

std::optional<Spread> SpreadOf(const CrossValidation& result, std::string_view metric) {
  const auto count = static_cast<double>(result.folds.size());
  if (count < 2) return std::nullopt;
  Spread spread;
  std::vector<double> values;
  for (const FoldResult& fold : result.folds) {
    const std::optional<double> value = DefinedMetric(fold.metrics, metric);
    if (!value) return std::nullopt;
    values.push_back(*value);
    spread.mean += *value / count;
  }
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

}  // namespace winnow
