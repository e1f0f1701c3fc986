/// Metrics as a table for people and as JSON for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/metrics.h"

namespace winnow {

struct ReportOptions {
  /// Largest number of labels for which the whole confusion matrix is shown; for more, the most frequent confusions.
  size_t full_confusion_labels = 12;
  /// Largest number of labels for which every label has a row; for more, the labels with the lowest F1.
  size_t full_class_labels = 40;
  size_t worst = 15;  ///< number of rows or confusions that are shown in the latter cases
};

/// Returns a text for the terminal, lines ended by \n, plain UTF-8 without colours. Control characters in label names
/// are shown as '?', long names are cut.
std::string ReportText(const Metrics& metrics, const ReportOptions& options = {});

/// Returns the document of `evaluate --json` without its verdict: count, accuracy, f1_macro, f1_micro, f1_weighted,
/// precision_macro, recall_macro, roc_auc, fpr, ece, adaptive_ece, brier, nll, intervals {level, accuracy, f1_macro,
/// fpr, recall: [low, high]}, labels, positive_label, multi_label, per_class [{label, precision, recall,
/// recall_interval, f1, support, roc_auc}], confusion (single-label: [truth][decided]; multi-label: for each label
/// [[tn, fp], [fn, tp]], as in scikit-learn), notes. Undefined metrics are null; NaN is never written.
Json ReportJson(const Metrics& metrics);

/// Returns the metrics without their tables, by name, null if undefined: for training_info.json's `metrics`.
Json MetricsJson(const Metrics& metrics);

/// Returns the name of the positive label, or null if there is none.
Json PositiveLabelJson(const Metrics& metrics);

}  // namespace winnow
