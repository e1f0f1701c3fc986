#include "drift/drift_words.h"

#include <fmt/format.h>

#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

std::string ValueText(const std::optional<EstimatedValue>& value) {
  if (!value) return "-";
  return fmt::format("{} ({})", PercentText(value->value), PercentRange(value->interval));
}

std::string AuditedText(const EstimatedRate& rate) {
  if (rate.verdicts == 0) return "";
  return fmt::format("{} ({}, {} labels)", PercentText(rate.rate), PercentRange(Interval{rate.low, rate.high}),
                     rate.verdicts);
}

std::string MeasureLine(const DriftMeasure& measure) {
  const std::string limit = measure.limit < 1 ? fmt::format("{:.2f}", measure.limit) : "-";
  return fmt::format("  {:<46} {:>5.3f}  {:>5}  {:>6}  {}\n", measure.title, measure.value, limit, ChanceText(measure),
                     measure.drifted() ? "drift" : "");
}

std::string WordLines(std::string_view title, const std::vector<DomainWord>& words) {
  if (words.empty()) return "";
  std::string text = fmt::format("\n{}\n  {:<40} {:>10} {:>10}\n", title, "", "reference", "current");
  for (const DomainWord& word : words) {
    text += fmt::format("  {:<40} {:>10} {:>10}\n", ShownText(word.words, {.most = 38}),
                        PercentText(word.reference_share), PercentText(word.current_share));
  }
  return text;
}

}  // namespace

std::string ChanceText(const DriftMeasure& measure) {
  return measure.chance > 0 ? fmt::format("{:.3f}", measure.chance) : "-";
}

std::string DriftVerdict(const DriftReport& report) {
  if (report.errors_have_risen()) {
    return "The estimated error rates are worse than on the reference texts: label recent texts, and train again.";
  }
  if (report.exceeds_guarantee()) {
    return fmt::format(
        "The estimated false-positive rate is above {}, which the decision thresholds guarantee: label recent texts, and "
        "calibrate the model again.",
        PercentText(report.max_false_positive_rate));
  }
  std::string which;
  for (const DriftMeasure& measure : report.measures) {
    if (measure.drifted()) which += (which.empty() ? "" : ", ") + measure.title;
  }
  if (which.empty()) return "No drift: neither the estimated error rates nor the texts have changed beyond the limits.";
  return "The texts have changed (" + which +
         "), but the estimated error rates have not risen beyond those of the reference texts.";
}

std::vector<DriftRate> DriftRates(const DriftReport& report) {
  const EstimatedPerformance &before = report.reference_performance, &now = report.current_performance;
  std::vector<DriftRate> rates = {{"accuracy", ValueText(before.accuracy), ValueText(now.accuracy), ""}};
  if (!report.has_positive_label) return rates;
  const auto audited = [&](EstimatedRate VerdictRates::*rate) {
    return report.audited ? AuditedText((*report.audited).*rate) : "";
  };
  rates.push_back({"false-positive rate", ValueText(before.false_positive_rate), ValueText(now.false_positive_rate),
                   audited(&VerdictRates::false_positives)});
  rates.push_back({"false-negative rate", ValueText(before.false_negative_rate), ValueText(now.false_negative_rate),
                   audited(&VerdictRates::false_negatives)});
  rates.push_back(
      {"share of positives", ValueText(before.positives), ValueText(now.positives), audited(&VerdictRates::spam)});
  return rates;
}

std::string DriftText(const DriftReport& report) {
  std::string text =
      fmt::format("{}\n\nreference: {} texts, {}\ncurrent:   {} texts, {}\n", DriftVerdict(report),
                  report.reference_texts, report.reference_source, report.current_texts, report.current_source);
  if (report.redacted > 0) {
    text += fmt::format("{} messages were left out, because their texts are redacted\n", report.redacted);
  }
  text += fmt::format("\nestimated from calibrated probabilities, with 95 % intervals\n  {:<20} {:<27} {}\n", "",
                      "reference", report.audited ? fmt::format("{:<27} labelled verdicts", "current") : "current");
  for (const DriftRate& rate : DriftRates(report)) {
    text += fmt::format("  {:<20} {:<27} {}\n", rate.name, rate.reference,
                        rate.audited.empty() ? rate.current : fmt::format("{:<27} {}", rate.current, rate.audited));
  }
  text += fmt::format("\n{:<48} {:>5}  {:>5}  {:>6}\n", "effect sizes", "value", "limit", "chance");
  for (const DriftMeasure& measure : report.measures) text += MeasureLine(measure);
  if (!report.wording_drifted()) return text;
  return text + WordLines("words that mark the current texts", report.domain.more) +
         WordLines("words that mark the reference texts", report.domain.fewer);
}

}  // namespace winnow
