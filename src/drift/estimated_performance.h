/// Estimates of a model's error rates without labels, from its calibrated probabilities.
#pragma once

#include <cstdint>
#include <optional>

#include "drift/observed_texts.h"
#include "evaluate/intervals.h"

namespace winnow {

struct EstimatedValue {
  double value = 0;
  Interval interval = {};
};

struct EstimatedPerformance {
  /// Accuracy; of multi-label models, the share of pairs of text and label that are decided correctly.
  EstimatedValue accuracy;
  /// Of the positive label, for models that have one: the false-positive and false-negative rate, and the share of
  /// positives among the texts. A rate without any negatives, or positives, is absent.
  std::optional<EstimatedValue> false_positive_rate, false_negative_rate, positives;
};

/// Which of the labels is positive, and whether labels exclude each other.
struct LabelKind {
  size_t labels = 0;
  int32_t positive_label = -1;
  bool multi_label = false;
};

/// Estimates what the labels of the texts would show, if the probabilities are calibrated for them: a text whose
/// decision has the probability p is an error with probability 1 - p (confidence-based performance estimation: Bialek,
/// Kuberski, Perrakis, Bifet 2024, arXiv:2401.08348). Intervals of 95 % are percentiles of the values that 500 draws of
/// the labels from the probabilities give; they do not contain the error of the calibration. Equal seeds give equal
/// intervals. Requires texts.
EstimatedPerformance EstimatePerformance(const ObservedTexts& texts, const LabelKind& kind, uint64_t seed = 42);

}  // namespace winnow
