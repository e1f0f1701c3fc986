/// The sentences of a report, as plain text that each format escapes in its own way. Names of labels and models in them
/// are unchanged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/evaluation_report.h"

namespace winnow {

/// Returns "98.9 %"; "0.03 %" or "99.97 %" if one digit would round to none or all; "-" for no value.
std::string PercentText(std::optional<double> share);
/// Returns "98.1 to 99.4 %", or nothing.
std::string PercentRange(const std::optional<Interval>& interval);

/// Returns the name of a label in quotes, shortened to 40 characters.
std::string QuotedName(const std::string& name);

/// One metric at the top of the report.
struct Headline {
  std::string name;      ///< name of the metric: "Accuracy"
  std::string value;     ///< value: "98.6 %"
  std::string sentence;  ///< explanation: "Of 1,000 texts, 986 got the right label."
  std::string interval;  ///< confidence interval: "97.1 to 99.4 %"; may be empty
};
std::vector<Headline> Headlines(const EvaluationReport& report);

/// Returns the limitations of the model and of the metrics that a reader must know: labels that were never predicted,
/// too few texts, skipped rows, notes of the metrics.
std::vector<std::string> Warnings(const EvaluationReport& report);

/// Returns the subject of the report on one line: "spam 1.0.0 on 557 texts with 2 labels".
std::string Subject(const EvaluationReport& report);

/// Returns the origin of the metrics on one line: "Data: test.tsv. Base model: minilm. Weights: int8. Date:
/// 2026-11-28."
std::string Provenance(const EvaluationReport& report);

/// A metric of two models.
struct ComparedMetric {
  std::string name;
  double first = 0, second = 0;
  double difference = 0;             ///< the first model's metric minus the second model's
  std::optional<Interval> interval;  ///< confidence interval of the difference
  double p_value = 1;                ///< PairedMetric::p_value
  std::string verdict;               ///< the first model is "better" or "worse", or there is "no clear difference"
};
/// What the verdicts mean, below a table of them.
inline constexpr std::string_view kComparedNote =
    "A difference is clear if its interval excludes 0 and p < 0.05 (exact McNemar test; macro-F1: randomization test).";
std::vector<ComparedMetric> ComparedMetrics(const PairedComparison& paired);

/// Returns the kind of error of a wrong prediction: a false negative or false positive of the positive label; in models
/// without one, the true and the predicted label; in multi-label models, whether labels are missing or too many.
std::string ErrorKind(const EvaluationReport& report, const ReportedText& text);

/// Returns the names of a set of label ids, divided by commas; "none" for no label.
std::string LabelNames(const std::vector<int32_t>& ids, const std::vector<std::string>& labels);

/// Returns the names of a text's true labels; a label that the model does not have is marked as unknown.
std::string TrueLabelNames(const EvaluationReport& report, const ReportedText& text);

/// Returns the indices into per_class in the order of the table: unchanged for up to 40 labels, otherwise by increasing
/// F1, with labels that neither occur nor are decided last.
std::vector<size_t> ClassOrder(const Metrics& metrics);

/// A cell off the diagonal of a single-label confusion matrix. WorstConfusions returns those with texts, the most
/// frequent first.
struct Confusion {
  size_t truth = 0, decided = 0;
  int64_t texts = 0;
};
std::vector<Confusion> WorstConfusions(const Metrics& metrics, size_t most);

/// Returns the labels of the matrix that is shown: all labels or, of more than `most`, those of the most frequent
/// confusions, ascending.
std::vector<size_t> MatrixLabels(const Metrics& metrics, size_t most);

}  // namespace winnow
