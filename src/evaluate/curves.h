/// The results of every threshold: ROC and precision-recall curves, and the reliability of the confidence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/intervals.h"

namespace winnow {

/// Counts of the texts whose score reaches a threshold.
struct SweepStep {
  float threshold = 0;
  int64_t hits = 0;          ///< that have the label
  int64_t false_alarms = 0;  ///< that have it not
};

/// All different thresholds of one label's scores. As scikit-learn's, a score at the threshold reaches it.
class ThresholdSweep {
 public:
  /// `scores[i * stride]` is text i's score, not NaN; `truth[i]` is 1 for texts with the label.
  ThresholdSweep(std::span<const float> scores, size_t stride, std::span<const uint8_t> truth);

  int64_t with() const { return with_; }        ///< texts with the label
  int64_t without() const { return without_; }  ///< and without it
  /// From the highest threshold to the lowest, each score once.
  const std::vector<SweepStep>& steps() const { return steps_; }
  /// The results of a threshold that need not be a score. O(log n).
  SweepStep At(float threshold) const;

 private:
  int64_t with_ = 0, without_ = 0;
  std::vector<SweepStep> steps_;
};

struct RocPoint {
  double fpr = 0, recall = 0;
  std::optional<double> threshold;  ///< none: above every score
};

struct PrecisionRecallPoint {
  double recall = 0, precision = 0;
  std::optional<double> threshold;
};

/// From (0, 0) to (1, 1), a point for each threshold: scikit-learn's roc_curve with drop_intermediate=False. Empty
/// where either kind of text is missing.
std::vector<RocPoint> RocCurve(const ThresholdSweep& sweep);

/// From recall 0, where the precision is 1 by convention, on: scikit-learn's precision_recall_curve, turned round.
/// Empty where no text has the label.
std::vector<PrecisionRecallPoint> PrecisionRecallCurve(const ThresholdSweep& sweep);

/// The mean of the precision over the recall, sum of (R_n - R_n-1) P_n, as scikit-learn's average_precision_score. None
/// where no text has the label.
std::optional<double> AveragePrecision(const ThresholdSweep& sweep);

/// At most `most` (at least 2) of a line's points, ends kept: those that a picture of it needs most (Ramer 1972;
/// Douglas and Peucker 1973: the point farthest from the line so far comes next). Positions, ascending. Points of a
/// straight line are left out even where there is room.
std::vector<size_t> ThinnedLine(std::span<const double> x, std::span<const double> y, size_t most);

std::vector<RocPoint> Thinned(const std::vector<RocPoint>& curve, size_t most);
std::vector<PrecisionRecallPoint> Thinned(const std::vector<PrecisionRecallPoint>& curve, size_t most);

/// Texts of one range of confidence.
struct ReliabilityBin {
  double low = 0, high = 0;  ///< of the confidence; low itself belongs to the bin before
  int64_t count = 0, hits = 0;
  double confidence = 0;             ///< their mean; 0 without texts
  std::optional<Interval> hit_rate;  ///< Wilson's
};

/// The bins that the expected calibration error is made of (evaluate/ranking.h), 15 of equal width.
class Reliability {
 public:
  void Add(double confidence, bool hit);
  std::vector<ReliabilityBin> Bins() const;

 private:
  static constexpr int kBins = 15;
  int64_t counts_[kBins] = {}, hits_[kBins] = {};
  double confidences_[kBins] = {};
};

}  // namespace winnow
