/// Comparison of two models on the same texts: the differences of their metrics, with confidence intervals.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/intervals.h"
#include "evaluate/mcnemar.h"

namespace winnow {

/// The decisions of a model for the texts, and the true labels, in its own label ids.
struct DecidedTexts {
  size_t labels = 0;
  int32_t positive_label = -1;
  bool multi_label = false;
  /// Ascending sets of label ids; single-label: one id each. The truth may contain kUnknownLabelId.
  std::vector<std::vector<int32_t>> truth = {}, decided = {};
  std::vector<float> confidence = {};  ///< confidence of the decision

  bool Right(size_t text) const { return truth[text] == decided[text]; }
  size_t size() const { return truth.size(); }
};

struct PairedMetric {
  std::string name;  ///< name of the metric: "accuracy", "f1_macro", "fpr", "recall"
  double first = 0, second = 0;
  /// Interval of second - first, 95 %: percentiles of a bootstrap over the texts, in which both models have the same
  /// resamples (Efron 1979).
  std::optional<Interval> difference;
  /// Two-sided p-value of the hypothesis that the models are equally good by this metric: of McNemar's exact test for
  /// accuracy (all texts), recall (the positives) and fpr (the negatives); for f1_macro of an approximate randomization
  /// test, which exchanges the decisions of the models for each text at random (Noreen 1989; Yeh 2000). Where the
  /// models differ on few texts, the interval is too narrow: no resample contains texts that nobody has seen.
  double p_value = 1;

  /// Returns true if the interval does not contain 0 and the test says the same, at 5 %.
  bool IsSignificant() const;
};

struct PairedComparison {
  std::vector<PairedMetric> metrics;
  int64_t both_right = 0, both_wrong = 0;
  McNemar test;
  /// Texts that only one model classified correctly, most confident errors first.
  std::vector<size_t> differing;
};

struct PairedOptions {
  int resamples = 1000;
  int exchanges = 9999;  ///< number of draws of the randomization test, whose least p-value is 1 / (exchanges + 1)
  uint64_t seed = 42;
  /// For each label of the second model, its id in the first model, or an id of its own from first.labels on for a
  /// label that the first model does not have. Empty if both models have the same ids.
  std::vector<int32_t> first_id_of_second = {};
};

/// Compares two models. `first` and `second` must have the same texts in the same order, at least one. fpr and recall
/// are included if both models have a positive label, which must be the same one, and there are texts with and without
/// it.
PairedComparison ComparePaired(const DecidedTexts& first, const DecidedTexts& second,
                               const PairedOptions& options = {});

/// Returns a p-value for tables and sentences: "0.12", "0.0310" or "< 0.0001".
std::string PValueText(double p);

/// Returns one sentence that says whether the difference is significant, with McNemar's p.
std::string VerdictOf(const PairedComparison& comparison, const std::string& first, const std::string& second);

}  // namespace winnow
