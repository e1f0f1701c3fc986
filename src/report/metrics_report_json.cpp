#include <cmath>

#include "report/metrics_report.h"

namespace winnow {
namespace {

Json Number(std::optional<double> value) { return value && std::isfinite(*value) ? Json(*value) : Json(nullptr); }

Json Pair(const std::optional<Interval>& interval) {
  if (!interval || !std::isfinite(interval->low) || !std::isfinite(interval->high)) return nullptr;
  return Json::array({interval->low, interval->high});
}

Json ConfusionJson(const Metrics& metrics) {
  Json rows = Json::array();
  if (metrics.multi_label) {
    for (const ClassMetrics& label : metrics.per_class) {
      const auto& [tp, fp, fn] = label.counts;
      rows.push_back(Json::array({Json::array({metrics.count - tp - fp - fn, fp}), Json::array({fn, tp})}));
    }
    return rows;
  }
  const auto width = static_cast<std::ptrdiff_t>(metrics.labels.size());
  for (auto row = metrics.confusion.begin(); row != metrics.confusion.end(); row += width) {
    rows.push_back(std::vector<int64_t>(row, row + width));
  }
  return rows;
}

Json PerClass(const Metrics& metrics) {
  Json all = Json::array();
  for (size_t i = 0; i < metrics.per_class.size(); ++i) {
    const ClassMetrics& label = metrics.per_class[i];
    all.push_back({{"label", metrics.labels[i]},
                   {"precision", Number(label.precision)},
                   {"recall", Number(label.recall)},
                   {"recall_interval", Pair(label.recall_interval)},
                   {"f1", Number(label.f1)},
                   {"support", label.support},
                   {"roc_auc", Number(label.roc_auc)}});
  }
  return all;
}

}  // namespace

Json MetricsJson(const Metrics& metrics) {
  Json json = Json::object();
  for (const std::string_view name : MetricNames()) {
    const auto value = MetricByName(metrics, name);
    json[std::string(name)] = value ? Number(*value) : Json(nullptr);
  }
  return json;
}

Json PositiveLabelJson(const Metrics& metrics) {
  return metrics.positive_label < 0 ? Json() : Json(metrics.labels[static_cast<size_t>(metrics.positive_label)]);
}

Json ReportJson(const Metrics& metrics) {
  Json report = {{"count", metrics.count}, {"unknown_label_texts", metrics.unknown}};
  report.update(MetricsJson(metrics));
  report["intervals"] = {{"level", 0.95},
                         {"accuracy", Pair(metrics.accuracy_interval)},
                         {"f1_macro", Pair(metrics.f1_macro_interval)},
                         {"fpr", Pair(metrics.fpr_interval)},
                         {"recall", Pair(metrics.recall_interval)}};
  report["labels"] = metrics.labels;
  report["positive_label"] = PositiveLabelJson(metrics);
  report["multi_label"] = metrics.multi_label;
  report["per_class"] = PerClass(metrics);
  report["confusion"] = ConfusionJson(metrics);
  if (metrics.scope) {
    report["out_of_scope"] = {{"rejected", metrics.scope->rejected}, {"accuracy", metrics.scope->accuracy}};
  }
  report["notes"] = metrics.notes;
  return report;
}

}  // namespace winnow
