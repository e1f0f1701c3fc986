/// The metrics of `winnow evaluate` and of the trainer's evaluations. A metric that scikit-learn has is equal to
/// scikit-learn's, with zero_division=0. A metric that is not defined is absent, and `notes` says why. All functions
/// are pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/intervals.h"

namespace winnow {

struct ClassMetrics {
  double precision = 0, recall = 0, f1 = 0;
  int64_t support = 0;  ///< number of texts that have the label
  int64_t decided = 0;  ///< number of texts for which the label was decided
  LabelCounts counts;
  std::optional<double> roc_auc;            ///< ROC-AUC of the label against the rest
  std::optional<Interval> recall_interval;  ///< Wilson's interval of the recall; none without support
};

/// What the rule for out-of-scope texts of a model changes.
struct ScopeEffect {
  double rejected = 0;  ///< share of the texts that the rule rejects
  double accuracy =
      0;  ///< accuracy if the decision about a rejected text is an error: the model's label for it is none
};

struct Metrics {
  int64_t count = 0;
  /// Number of texts with a label that is not in `labels` (kUnknownLabelId). Each of them counts as an error: it lowers
  /// accuracy, its decided labels are false positives, and it has no row in `confusion`. The unknown labels themselves
  /// are left out of the macro averages; in f1_micro and f1_weighted they have an F1 of 0.
  int64_t unknown = 0;
  std::vector<std::string> labels;
  int32_t positive_label = -1;
  bool multi_label = false;

  /// Accuracy; multi-label: the share of texts whose whole set of labels is right (subset accuracy).
  double accuracy = 0;
  /// Means over the labels that occur or are decided (single-label) or over all labels (multi-label), as in
  /// scikit-learn.
  double f1_macro = 0, f1_micro = 0, f1_weighted = 0, precision_macro = 0, recall_macro = 0;
  /// Two labels: ROC-AUC of the positive label (without one, of label 1). More labels: the mean over the labels against
  /// the rest (roc_auc_score(multi_class='ovr') and its multi-label form). If all texts or no text have a label, the
  /// value is absent; for a multi-label set that label is left out of the mean, and a note says so.
  std::optional<double> roc_auc;
  /// The false-positive rate: negatives that were assigned the positive label / all negatives.
  std::optional<double> fpr;
  /// Expected calibration error of the most probable label; for a multi-label model that of all pairs of text and
  /// label.
  std::optional<double> ece;
  std::optional<double> adaptive_ece;  ///< ECE with bins of equal numbers of texts (evaluate/ranking.h)
  /// Mean squared difference of probabilities and truth (Brier 1950). Two labels: that of the second label's
  /// probability, 0 to 1; more labels: the sum over the labels, 0 to 2 (scikit-learn's brier_score_loss); multi-label:
  /// the mean over texts and labels, 0 to 1.
  std::optional<double> brier;
  /// Mean negative log likelihood in nats per text, scikit-learn's log_loss; for a multi-label model per text and
  /// label. In the single-label case brier and nll are means over the texts whose label is known: the probability of a
  /// label that the model does not have is 0, and its logarithm has no bound.
  std::optional<double> nll;

  std::optional<Interval> accuracy_interval, fpr_interval,
      recall_interval;                        ///< Wilson's; recall is the positive label's
  std::optional<Interval> f1_macro_interval;  ///< bootstrap interval of the macro-F1, which it contains

  std::vector<ClassMetrics> per_class;  ///< in the order of `labels`
  /// [r * labels + c] number of texts with the true label r and the decided label c. Empty for a multi-label model,
  /// whose counts are in per_class.
  std::vector<int64_t> confusion;
  /// All metrics above are those without the rule for out-of-scope texts; absent for models without a rule.
  std::optional<ScopeEffect> scope = {};
  std::vector<std::string> notes;  ///< reasons why a metric is absent or less precise than it looks
};

struct MetricsOptions {
  int32_t positive_label = -1;  ///< id of the positive label; -1 for none
  /// Number of resamples; 0 leaves f1_macro_interval out, as for evaluations within a training.
  int bootstrap_resamples = 1000;
  uint64_t seed = 42;
  bool ranking = true;  ///< false leaves ROC-AUC out, which takes most of the time
};

/// Computes the metrics of single-label predictions. `probabilities` are [n, labels] row-major, `truth` are n label
/// ids, which may be kUnknownLabelId. `decided` are n label ids as the caller's thresholds decided them, or empty: then
/// the most probable label is decided, the first of equally probable ones, except that the positive label wins its ties
/// (as Decide does at .5). Errors: kInvalidData if there are no texts; kInvalidArgument if sizes disagree or an id is
/// out of range; kInvalidModel if a probability is not within 0 to 1.
Result<Metrics> ComputeMetrics(std::span<const float> probabilities, std::span<const int32_t> truth,
                               std::span<const std::string> labels, const MetricsOptions& options = {},
                               std::span<const int32_t> decided = {});

/// Computes the metrics of multi-label predictions. The sets of ids may be in any order and have repetitions, and those
/// of the truth may contain kUnknownLabelId. If `decided` is empty, each label with a probability of at least .5 is
/// decided.
Result<Metrics> ComputeMultiLabelMetrics(std::span<const float> probabilities,
                                         std::span<const std::vector<int32_t>> truth,
                                         std::span<const std::string> labels, const MetricsOptions& options = {},
                                         std::span<const std::vector<int32_t>> decided = {});

/// Computes single-label or multi-label metrics from sets of label ids. In the single-label case a set stands for its
/// first id, and an empty set is out of range.
Result<Metrics> ComputeMetricsOfSets(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                     std::span<const std::string> labels, bool multi_label,
                                     const MetricsOptions& options = {},
                                     std::span<const std::vector<int32_t>> decided = {});

/// Returns the names of all metrics, in the order of reports.
std::span<const std::string_view> MetricNames();

/// Returns the name of MetricNames that `name` stands for, or nothing: hyphens count as underscores, Hugging Face's
/// prefix "eval_" is allowed, "loss" is nll, and "f1" and "macro_f1" are f1_macro; likewise "micro_f1", "weighted_f1",
/// "precision", "recall" and "auc".
std::optional<std::string_view> CanonicalMetricName(std::string_view name);

/// Returns a metric by its name or by another name of CanonicalMetricName. Errors: kInvalidArgument for an unknown
/// name, with a suggestion or the list; kInvalidData if these data do not define the metric.
Result<double> MetricByName(const Metrics& metrics, std::string_view name);

/// Returns false for fpr, ece, adaptive_ece, brier and nll, for which lower is better. Errors: kInvalidArgument for an
/// unknown name.
Result<bool> HigherIsBetter(std::string_view name);

}  // namespace winnow
