#include "report/data_curve_report.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "evaluate/text_table.h"
#include "report/metrics_report.h"

namespace winnow {

std::string Outlook(const DataCurve& curve) {
  if (curve.points.size() < 2)
    return "The effect of more texts cannot be estimated from one size: specify at least two with --sizes.";
  const DataCurvePoint& before = curve.points[curve.points.size() - 2];
  const DataCurvePoint& last = curve.points.back();
  const double gain = last.metrics.f1_macro - before.metrics.f1_macro;
  const Change change = ChangeBetween(before.right, last.right);
  const double growth = static_cast<double>(last.texts) / static_cast<double>(before.texts);
  std::string text = fmt::format(
      "From {} to {} training texts macro-F1 went from {:.4f} to {:.4f} ({:+.4f}); of {} test texts, {} were "
      "classified correctly only with more training texts, and {} only with fewer",
      before.texts, last.texts, before.metrics.f1_macro, last.metrics.f1_macro, gain, last.metrics.count, change.better,
      change.worse);
  if (!change.beyond_chance) {
    // That no difference was found says little about few test texts: the interval must exclude one that matters.
    constexpr double kLittle = 0.01, kMatters = 0.02;
    return text +
           (std::abs(gain) < kLittle && change.most_gain < kMatters
                ? fmt::format(". The difference is not significant, and accuracy has gained less than {:.2f} (95 % "
                              "interval): more texts of this kind are unlikely to help much.",
                              kMatters)
                : ". The difference is not significant; use more test texts for a clearer "
                  "result (--test-size, --test).");
  }
  if (change.better < change.worse) {
    return text +
           ". More texts made the model worse, which suggests a problem with the training (try more "
           "--epochs or another --seed) or labels that contradict each other.";
  }
  const double room = 1 - last.metrics.f1_macro;
  if (room <= 0)
    return text + ". No test text is classified wrongly: only more test texts can show what is left to gain.";
  return text +
         fmt::format(
             ". With {:.0f} additional texts ({:.3g} times the present number in total), expect macro-F1 to rise by {}",
             static_cast<double>(last.texts) * (growth - 1), growth,
             room < gain ? fmt::format("less: at most {:.4f} is left to 1.", room)
                         : "about the same amount again, at most.");
}

std::string DataCurveText(const DataCurve& curve) {
  TextTable table(0);
  table.Add({"texts", "accuracy", "95 %", "f1_macro", "95 %", "roc_auc", "seconds"});
  for (const DataCurvePoint& point : curve.points) {
    table.Add({std::to_string(point.texts), MetricText(point.metrics.accuracy),
               RangeText(point.metrics.accuracy_interval), MetricText(point.metrics.f1_macro),
               RangeText(point.metrics.f1_macro_interval), MetricText(point.metrics.roc_auc),
               MetricText(point.seconds, 1)});
  }
  const int64_t tested = curve.points.empty() ? 0 : curve.points.back().metrics.count;
  return fmt::format("trained on nested parts of {} training texts; all models tested on the same {} texts\n{}\n{}\n",
                     curve.available, tested, table.Text(), Outlook(curve));
}

Json DataCurveJson(const DataCurve& curve) {
  Json points = Json::array();
  for (const DataCurvePoint& point : curve.points) {
    Json entry = {{"texts", point.texts}, {"seconds", point.seconds}};
    entry.update(MetricsJson(point.metrics));
    entry["intervals"] = ReportJson(point.metrics)["intervals"];
    points.push_back(std::move(entry));
  }
  return {{"available", curve.available},
          {"validation_count", curve.validation},
          {"test_count", curve.points.empty() ? 0 : curve.points.back().metrics.count},
          {"points", std::move(points)},
          {"outlook", Outlook(curve)}};
}

}  // namespace winnow
