#include "calibrate/calibration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "bundle/manifest_calibration.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

std::string MetricsText(const CalibrationResult& result) {
  TextTable table;
  table.Add(result.was_calibrated ? std::vector<std::string>{"", "uncalibrated", "previous", "new"}
                                  : std::vector<std::string>{"", "before", "after"});
  const auto add = [&](const char* name, double CalibrationMetrics::*metric) {
    std::vector<std::string> row = {name, MetricText(result.before.*metric)};
    if (result.was_calibrated) row.push_back(MetricText(result.was.*metric));
    row.push_back(MetricText(result.after.*metric));
    table.Add(row);
  };
  add("nll", &CalibrationMetrics::nll);
  add("ece", &CalibrationMetrics::ece);
  add("adaptive_ece", &CalibrationMetrics::adaptive_ece);
  add("brier", &CalibrationMetrics::brier);
  return table.Text() + "  " + result.measured + "\n";
}

std::string ThresholdsText(const CalibrationResult& result) {
  if (result.thresholds.empty()) return {};
  TextTable table;
  table.Add({"thresholds", "strict", "moderate", "lenient"});
  for (const ChosenThresholds& chosen : result.thresholds) {
    const FprThresholds& t = chosen.thresholds;
    table.Add({ShownName(chosen.label, 28), fmt::format("{:.5f}", t.strict.threshold),
               fmt::format("{:.5f}", t.moderate.threshold), fmt::format("{:.5f}", t.lenient.threshold)});
    table.Add(
        {"  guaranteed max. fpr", FprText(t.strict.max_fpr), FprText(t.moderate.max_fpr), FprText(t.lenient.max_fpr)});
    const auto reached = [&](size_t mode) { return fmt::format("{} of {}", chosen.reached[mode], chosen.negatives); };
    table.Add({"  negatives above threshold", reached(0), reached(1), reached(2)});
  }
  return "\n" + table.Text() +
         fmt::format("  each guarantee holds with {:.4g} % confidence, for texts from the same distribution\n",
                     100 * result.options.confidence);
}

std::string AbstentionText(const CalibrationResult& result) {
  if (!result.options.max_error) return {};
  TextTable table;
  table.Add({"abstention", "strict", "moderate", "lenient"});
  const auto row = [&](const char* name, const std::function<std::string(const AbstentionThreshold&)>& cell) {
    table.Add({name, cell(result.abstention[0]), cell(result.abstention[1]), cell(result.abstention[2])});
  };
  row("confidence threshold", [](const auto& a) { return fmt::format("{:.5f}", a.below); });
  row("abstained", [](const auto& a) { return fmt::format("{} of {}", a.abstained, a.texts); });
  row("errors without abstention", [](const auto& a) { return fmt::format("{} of {}", a.wrong_before, a.texts); });
  row("errors with abstention", [](const auto& a) { return fmt::format("{} of {}", a.wrong_answered, a.texts); });
  return "\n" + table.Text() +
         fmt::format(
             "  on average (over calibration sets), a share of at most {} of future texts gets a wrong prediction "
             "that is not an abstention; this guarantee has no confidence level\n",
             *result.options.max_error);
}

}  // namespace

std::string CalibrationLine(const CalibrationResult& result) {
  const Calibration& calibration = result.calibration;
  if (calibration.method == CalibrationMethod::kVector) return "vector scaling: a scale and a bias per label";
  if (calibration.method == CalibrationMethod::kIsotonic) return "isotonic regression: a curve per label";
  if (calibration.temperatures.empty()) return fmt::format("temperature {:.2f}", calibration.temperature);
  std::string line = "temperatures";
  constexpr size_t kShown = 12;
  const std::vector<std::string>& labels = result.labels;
  for (size_t k = 0; k < std::min(labels.size(), kShown); ++k)
    line += fmt::format("{} {} {:.2f}", k == 0 ? "" : ",", ShownName(labels[k], 28), calibration.temperatures[k]);
  if (labels.size() > kShown) line += fmt::format(" and {} more", labels.size() - kShown);
  return line;
}

std::string CalibrationReportText(const CalibrationResult& result) {
  std::string text =
      fmt::format("Calibrated on {} texts ({}) with {} weights:\n\n", result.texts, result.source, result.weights) +
      MetricsText(result) + "  " + CalibrationLine(result) + "\n" + ThresholdsText(result) + AbstentionText(result);
  for (const std::string& note : result.notes) text += "note: " + ShownName(note, note.size()) + "\n";
  return text;
}

Json CalibrationMetricsJson(const CalibrationResult& result) {
  const auto metrics_of = [](const CalibrationMetrics& f) -> Json {
    return {{"nll", f.nll}, {"ece", f.ece}, {"adaptive_ece", f.adaptive_ece}, {"brier", f.brier}};
  };
  return {{"uncalibrated", metrics_of(result.before)},
          {"as_it_was", metrics_of(result.was)},
          {"now", metrics_of(result.after)}};
}

Json CalibrationReportJson(const CalibrationResult& result, const Manifest& manifest) {
  Json written = Json::object();
  WriteCalibration(manifest, written);
  Json json = {{"texts", result.texts}, {"source", result.source}, {"weights", result.weights}};
  json["temperature"] = written["temperature"];
  json["measured"] = result.measured;
  json["figures"] = CalibrationMetricsJson(result);
  for (const char* name : {"calibration", "thresholds", "abstain"}) {
    if (written.contains(name)) json[name] = written[name];
  }
  json["notes"] = result.notes;
  return json;
}

}  // namespace winnow
