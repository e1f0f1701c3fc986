#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "drift/drift_words.h"

namespace winnow {

std::string DriftMetrics(const DriftReport& report) {
  prometheus::Registry registry;
  const auto add = [&](const std::string& name, const std::string& help, double value) {
    prometheus::BuildGauge()
        .Name("winnow_" + name)
        .Help(help)
        .Register(registry)
        .Add({{"model", report.model}, {"version", report.version}})
        .Set(value);
  };
  const EstimatedPerformance& now = report.current_performance;
  add("drift", "1 if the error rates or the texts have changed beyond the limits", report.drifted() ? 1 : 0);
  add("drift_errors", "1 if the estimated error rates are worse than on the reference texts, or than guaranteed",
      report.errors_drifted() ? 1 : 0);
  for (const DriftMeasure& measure : report.measures) {
    add("drift_" + measure.name, "Difference of the current texts from the reference texts: " + measure.title,
        measure.value);
  }
  add("drift_texts", "Number of current texts", static_cast<double>(report.current_texts));
  add("estimated_accuracy", "Accuracy, estimated from calibrated probabilities", now.accuracy.value);
  if (now.false_positive_rate) {
    add("estimated_fpr", "False-positive rate, estimated from calibrated probabilities",
        now.false_positive_rate->value);
  }
  if (now.false_negative_rate) {
    add("estimated_fnr", "False-negative rate, estimated from calibrated probabilities",
        now.false_negative_rate->value);
  }
  if (report.audited && report.audited->false_positives.verdicts > 0) {
    add("audited_fpr", "False-positive rate of verdicts that people have labelled blindly",
        report.audited->false_positives.rate);
  }
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

}  // namespace winnow
