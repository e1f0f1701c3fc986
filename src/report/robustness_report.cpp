#include "report/robustness_report.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/interrupt.h"
#include "base/json_or_null.h"
#include "base/progress.h"
#include "bundle/manifest.h"
#include "evaluate/text_table.h"
#include "report/metrics_report.h"

namespace winnow {
namespace {

std::optional<double> Recall(const Metrics& metrics) {
  if (metrics.positive_label < 0) return std::nullopt;
  const ClassMetrics& positive = metrics.per_class[static_cast<size_t>(metrics.positive_label)];
  return positive.support > 0 ? std::optional(positive.recall) : std::nullopt;
}

Json IntervalJson(const std::optional<Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json MetricsOf(const Metrics& metrics) {
  return {{"accuracy", metrics.accuracy},
          {"f1_macro", metrics.f1_macro},
          {"recall", OrNull(Recall(metrics))},
          {"fpr", OrNull(metrics.fpr)},
          {"intervals",
           {{"level", 0.95},
            {"accuracy", IntervalJson(metrics.accuracy_interval)},
            {"f1_macro", IntervalJson(metrics.f1_macro_interval)},
            {"recall", IntervalJson(metrics.recall_interval)},
            {"fpr", IntervalJson(metrics.fpr_interval)}}}};
}

}  // namespace

std::string RobustnessText(const std::vector<RobustnessRow>& rows, bool folds) {
  if (rows.empty()) return "";
  const Metrics& clean = rows.front().off;
  const std::string positive =
      clean.positive_label < 0 ? "" : ShownName(clean.labels[static_cast<size_t>(clean.positive_label)], 16);
  TextTable table(3);
  std::vector<std::string> heading = {"obfuscation", "words", "folding", "accuracy", "", "f1_macro"};
  if (!positive.empty()) heading.insert(heading.end(), {"recall of " + positive, "", "fpr", ""});
  table.Add(heading);
  for (const RobustnessRow& row : rows) {
    for (const bool on : {false, true}) {
      const Metrics& metrics = on ? row.on : row.off;
      std::vector<std::string> cells = {on ? "" : row.disguise,
                                        on || row.strength == 0 ? "" : fmt::format("{:.0f} %", 100 * row.strength),
                                        on ? "on" : "off",
                                        MetricText(metrics.accuracy),
                                        RangeText(metrics.accuracy_interval, 3),
                                        MetricText(metrics.f1_macro)};
      if (!positive.empty()) {
        cells.insert(cells.end(), {MetricText(Recall(metrics)), RangeText(metrics.recall_interval, 3),
                                   MetricText(metrics.fpr), RangeText(metrics.fpr_interval, 3)});
      }
      table.Add(cells);
    }
  }
  return fmt::format(
             "each of the {} texts was obfuscated once in each way that the table lists; column 'words': share of "
             "the words that were obfuscated; "
             "95 % confidence intervals: Wilson score\n",
             clean.count) +
         table.Text() + fmt::format("--fold-disguises of this model: {}\n", folds ? "on" : "off");
}

Json RobustnessJson(const std::vector<RobustnessRow>& rows, bool folds) {
  Json json = {{"count", 0}, {"labels", Json::array()}, {"positive_label", nullptr}};
  if (!rows.empty()) {
    const Metrics& clean = rows.front().off;
    json["count"] = clean.count;
    json["labels"] = clean.labels;
    json["positive_label"] = PositiveLabelJson(clean);
  }
  json["fold_disguises"] = folds;
  json["rows"] = Json::array();
  for (const RobustnessRow& row : rows) {
    json["rows"].push_back({{"disguise", row.disguise},
                            {"strength", row.strength},
                            {"changed", row.changed},
                            {"off", MetricsOf(row.off)},
                            {"on", MetricsOf(row.on)}});
  }
  return json;
}

Result<std::string> RobustnessReport(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                                     const Dataset& dataset, const RobustnessOptions& options, bool json) {
  const bool folds = TRY(ReadManifest(bundle)).fold_disguises;
  ProgressBar bar("robustness", static_cast<int64_t>(RobustnessTexts(dataset.examples.size(), options)));
  const std::vector<RobustnessRow> rows = TRY(MeasureRobustness(classifier, dataset, options, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return json ? DumpJsonLine(RobustnessJson(rows, folds)) + "\n" : RobustnessText(rows, folds);
}

}  // namespace winnow
