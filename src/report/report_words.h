/// The sentences of a report, as plain text: each format escapes them its own way. Names of labels and models in them
/// are as their authors wrote them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/evaluation_report.h"

namespace winnow {

/// "98.9 %"; "0.03 %" and "99.97 %" where one digit would say none or all; "-" for none.
std::string PercentText(std::optional<double> share);
/// "98.1 to 99.4 %", or nothing.
std::string PercentRange(const std::optional<Interval>& interval);

/// One metric at the top of the report.
struct Headline {
  std::string name;      ///< "False positives"
  std::string figure;    ///< "0.2 %"
  std::string sentence;  ///< "0.2 % of the texts were assigned ..."
  std::string interval;  ///< "0.1 to 0.6 %"; may be empty
};
std::vector<Headline> Headlines(const EvaluationReport& report);

/// Limitations of the metrics that a reader must know: too few texts, skipped rows, notes of the metrics.
std::vector<std::string> Warnings(const EvaluationReport& report);

/// The subject of the report on one line: "spam 1.0.0, a transformer with int8 weights, on 557 texts".
std::string Subject(const EvaluationReport& report);

/// The names of a set of label ids, divided by commas; "none" for no label.
std::string LabelNames(const std::vector<int32_t>& ids, const std::vector<std::string>& labels);

/// Positions of per_class in the order of the table: as they are for up to 40 labels, of more the lowest F1 first,
/// those that neither occur nor are decided last.
std::vector<size_t> ClassOrder(const Metrics& metrics);

/// Cells off the diagonal of a single-label confusion matrix that have texts, the most first.
struct Confusion {
  size_t truth = 0, decided = 0;
  int64_t texts = 0;
};
std::vector<Confusion> WorstConfusions(const Metrics& metrics, size_t most);

/// The labels of the matrix that is shown: all, or of more than `most` those of the worst confusions, ascending.
std::vector<size_t> MatrixLabels(const Metrics& metrics, size_t most);

}  // namespace winnow
