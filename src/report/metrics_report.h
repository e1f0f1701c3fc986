/// Metrics as a table for people and as JSON for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/metrics.h"

namespace winnow {

struct ReportOptions {
  size_t full_confusion_labels = 12;  ///< up to so many labels the whole confusion matrix, beyond it the worst pairs
  size_t full_class_labels = 40;      ///< up to so many labels every label's row, beyond it the worst
  size_t worst = 15;                  ///< how many of the worst
};

/// A text for the terminal, lines ended by \n, plain UTF-8 without colours. Control characters in label names show as
/// '?', long names are cut.
std::string ReportText(const Metrics& metrics, const ReportOptions& options = {});

/// `evaluate --json`'s document: count, accuracy, f1_macro, f1_micro, f1_weighted, precision_macro, recall_macro,
/// roc_auc, fpr, ece, adaptive_ece, brier, nll, intervals {level, accuracy, f1_macro, fpr, recall: [low, high]},
/// labels, positive_label, multi_label, per_class [{label, precision, recall, recall_interval, f1, support, roc_auc}],
/// confusion (single-label: [truth][decided]; multi-label: for each label [[tn, fp], [fn, tp]], as scikit-learn has
/// it), notes. What is undefined is null; NaN is never written.
Json ReportJson(const Metrics& metrics);

/// ReportJson as text on one line; invalid UTF-8 in label names becomes U+FFFD.
std::string ReportJsonText(const Metrics& metrics);

/// The metrics without their tables, by name, null where undefined: for training_info.json's `metrics`.
Json FiguresJson(const Metrics& metrics);

}  // namespace winnow
