/// The figures of `winnow evaluate` and of the trainer's evaluations. Where scikit-learn has a figure, it is that one,
/// with zero_division=0; a figure that is not defined is absent, and `notes` says why. All functions are pure and
/// thread-safe.
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
  int64_t support = 0;  ///< texts that have the label
  int64_t decided = 0;  ///< texts for which it was decided
  LabelCounts counts;
  std::optional<double> roc_auc;            ///< the label against the rest
  std::optional<Interval> recall_interval;  ///< Wilson's; none without support
};

struct Metrics {
  int64_t count = 0;
  std::vector<std::string> labels;
  int32_t positive_label = -1;
  bool multi_label = false;

  double accuracy = 0;  ///< multi-label: the share of texts whose whole set is right (subset accuracy)
  /// Means over the labels that occur or are decided (single-label) or over all labels (multi-label), as
  /// scikit-learn's.
  double f1_macro = 0, f1_micro = 0, f1_weighted = 0, precision_macro = 0, recall_macro = 0;
  /// Two labels: of the positive one (without one, of label 1). More: the mean over labels against the rest
  /// (roc_auc_score(multi_class='ovr') and its multi-label form). A label with only one kind of text makes it absent;
  /// multi-label, it is left out of the mean, and a note says so.
  std::optional<double> roc_auc;
  /// The false-positive rate: negatives that were assigned the positive label / all negatives.
  std::optional<double> fpr;
  /// Expected calibration error of the most probable label; multi-label: of every pair of text and label.
  std::optional<double> ece;
  std::optional<double> adaptive_ece;  ///< ECE with bins of equal numbers of texts (evaluate/ranking.h)
  /// Mean squared difference of probabilities and truth (Brier 1950). Two labels: of the second one's probability, 0 to
  /// 1; more: summed over the labels, 0 to 2 (scikit-learn's brier_score_loss); multi-label: the mean over texts and
  /// labels, 0 to 1.
  std::optional<double> brier;
  /// Mean negative log likelihood in nats of a text, scikit-learn's log_loss; multi-label: of a text and label.
  std::optional<double> nll;

  std::optional<Interval> accuracy_interval, fpr_interval,
      recall_interval;                        ///< Wilson's; recall is the positive label's
  std::optional<Interval> f1_macro_interval;  ///< bootstrap's

  std::vector<ClassMetrics> per_class;  ///< in the order of `labels`
  /// Single-label: texts of truth r decided as c at [r * labels + c]. Multi-label: empty; per_class has the counts.
  std::vector<int64_t> confusion;
  std::vector<std::string> notes;  ///< why a metric is absent or less precise than it looks
};

struct MetricsOptions {
  int32_t positive_label = -1;     ///< -1 for none
  int bootstrap_resamples = 1000;  ///< 0 leaves f1_macro_interval out, as for evaluations within a training
  uint64_t seed = 42;
};

/// Single-label. `probabilities` is [n, labels] row-major, `truth` n label ids. `decided` is n label ids as the
/// caller's thresholds decided them, or empty: then the most probable label, the first of equals, except that the
/// positive label wins its ties (what Decide does at .5). Errors: kInvalidData when there are no texts;
/// kInvalidArgument when sizes disagree or an id is out of range; kInvalidModel when a probability is not within 0
/// to 1.
Result<Metrics> ComputeMetrics(std::span<const float> probabilities, std::span<const int32_t> truth,
                               std::span<const std::string> labels, const MetricsOptions& options = {},
                               std::span<const int32_t> decided = {});

/// Multi-label: sets of ids, in any order, repeats allowed. `decided` empty: each label with a probability of at least
/// .5.
Result<Metrics> ComputeMultiLabelMetrics(std::span<const float> probabilities,
                                         std::span<const std::vector<int32_t>> truth,
                                         std::span<const std::string> labels, const MetricsOptions& options = {},
                                         std::span<const std::vector<int32_t>> decided = {});

/// One of the two above, for sets of label ids: single-label, a set is its first id, and an empty one is out of range.
Result<Metrics> ComputeMetricsOfSets(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                     std::span<const std::string> labels, bool multi_label,
                                     const MetricsOptions& options = {},
                                     std::span<const std::vector<int32_t>> decided = {});

/// The names that MetricByName knows, in the order of reports.
std::span<const std::string_view> MetricNames();

/// One metric by its name, as `--metric` gives it: hyphens count as underscores, and Hugging Face's "eval_" may lead.
/// Errors: kInvalidArgument for an unknown name, with the list; kInvalidData where these data do not define it.
Result<double> MetricByName(const Metrics& metrics, std::string_view name);

/// False for fpr, ece, adaptive_ece, brier and nll, which are better when lower. Errors: as for an unknown name above.
Result<bool> HigherIsBetter(std::string_view name);

}  // namespace winnow
