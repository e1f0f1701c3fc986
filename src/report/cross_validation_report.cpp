#include "report/cross_validation_report.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/json_or_null.h"
#include "evaluate/text_table.h"
#include "report/metrics_report.h"

namespace winnow {
namespace {

/// The metrics in the table of folds. The other metrics would not fit on a line.
std::vector<std::string> ShownMetrics(const Metrics& pooled) {
  std::vector<std::string> names = {"accuracy", "f1_macro"};
  if (pooled.multi_label) names.emplace_back("f1_micro");
  names.emplace_back("roc_auc");
  if (pooled.positive_label >= 0) names.emplace_back("fpr");
  names.emplace_back("ece");
  return names;
}

}  // namespace

std::string CrossValidationText(const CrossValidation& result) {
  const std::vector<std::string> names = ShownMetrics(result.pooled);
  TextTable table;
  std::vector<std::string> head = {"fold", "train", "test"};
  head.insert(head.end(), names.begin(), names.end());
  head.insert(head.end(), {"best epoch", "seconds"});
  table.Add(head);
  for (size_t i = 0; i < result.folds.size(); ++i) {
    const FoldResult& fold = result.folds[i];
    std::vector<std::string> row = {std::to_string(i + 1), std::to_string(fold.train),
                                    std::to_string(fold.metrics.count)};
    for (const std::string& name : names) row.push_back(MetricText(DefinedMetric(fold.metrics, name)));
    row.insert(row.end(), {MetricText(fold.best_epoch, 1), MetricText(fold.seconds, 1)});
    table.Add(row);
  }
  std::vector<std::string> means = {"mean", "", ""}, deviations = {"+-", "", ""};
  for (const std::string& name : names) {
    const std::optional<Spread> spread = SpreadOf(result, name);
    means.push_back(MetricText(spread ? std::optional(spread->mean) : std::nullopt));
    deviations.push_back(MetricText(spread ? std::optional(spread->deviation) : std::nullopt));
  }
  table.Add(means);
  table.Add(deviations);
  return std::to_string(result.folds.size()) + " folds\n" + table.Text() +
         "  +-: standard deviation over the folds\n\nall folds together: each text is classified by the model that was "
         "not trained on it\n" +
         ReportText(result.pooled);
}

Json CrossValidationJson(const CrossValidation& result) {
  Json folds = Json::array();
  for (size_t i = 0; i < result.folds.size(); ++i) {
    const FoldResult& fold = result.folds[i];
    Json entry = {{"fold", i + 1},
                  {"train_count", fold.train},
                  {"validation_count", fold.validation},
                  {"test_count", fold.metrics.count},
                  {"best_epoch", OrNull(fold.best_epoch)},
                  {"seconds", fold.seconds}};
    entry.update(MetricsJson(fold.metrics));
    folds.push_back(std::move(entry));
  }
  Json means = Json::object(), deviations = Json::object();
  for (const std::string_view name : MetricNames()) {
    const std::optional<Spread> spread = SpreadOf(result, name);
    means[std::string(name)] = spread ? Json(spread->mean) : Json(nullptr);
    deviations[std::string(name)] = spread ? Json(spread->deviation) : Json(nullptr);
  }
  return {{"folds", std::move(folds)},
          {"mean", std::move(means)},
          {"standard_deviation", std::move(deviations)},
          {"pooled", ReportJson(result.pooled)}};
}

}  // namespace winnow
