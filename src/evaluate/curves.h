/// Results for all thresholds: ROC and precision-recall curves, and the reliability of the confidence.
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
  int64_t hits = 0;             ///< number of texts with the label
  int64_t false_positives = 0;  ///< number of texts without the label
};

/// All different thresholds of one label's scores. As in scikit-learn, a score equal to the threshold reaches it.
class ThresholdSweep {
 public:
  /// Creates a sweep. `scores[i * stride]` is text i's score, not NaN; `truth[i]` is 1 for texts with the label.
  ThresholdSweep(std::span<const float> scores, size_t stride, std::span<const uint8_t> truth);

  int64_t with() const { return with_; }        ///< texts with the label
  int64_t without() const { return without_; }  ///< texts without the label
  /// Returns a step per different score, from the highest threshold to the lowest.
  const std::vector<SweepStep>& steps() const { return steps_; }
  /// Returns the results for a threshold, which need not be a score. O(log n).
  SweepStep At(float threshold) const;

 private:
  int64_t with_ = 0, without_ = 0;
  std::vector<SweepStep> steps_;
};

struct RocPoint {
  double fpr = 0, recall = 0;
  std::optional<double> threshold;  ///< threshold; none: above every score
};

struct PrecisionRecallPoint {
  double recall = 0, precision = 0;
  std::optional<double> threshold;
};

/// Returns the ROC curve from (0, 0) to (1, 1) with a point for each threshold: scikit-learn's roc_curve with
/// drop_intermediate=False. Empty if no text, or every text, has the label.
std::vector<RocPoint> RocCurve(const ThresholdSweep& sweep);

/// Returns the precision-recall curve from recall 0, where the precision is 1 by convention: scikit-learn's
/// precision_recall_curve in reverse order. Empty if no text has the label.
std::vector<PrecisionRecallPoint> PrecisionRecallCurve(const ThresholdSweep& sweep);

/// Returns the mean of the precision over the recall, sum of (R_n - R_n-1) P_n, as scikit-learn's
/// average_precision_score. None if no text has the label.
std::optional<double> AveragePrecision(const ThresholdSweep& sweep);

/// Returns the indices, ascending, of at most `most` (at least 2) points of a line, including its ends: the points that
/// a picture of the line needs most (Ramer 1972; Douglas and Peucker 1973: the point farthest from the line so far is
/// added next). Points on a straight line are left out even if there is room.
std::vector<size_t> ThinnedLine(std::span<const double> x, std::span<const double> y, size_t most);

std::vector<RocPoint> Thinned(const std::vector<RocPoint>& curve, size_t most);
std::vector<PrecisionRecallPoint> Thinned(const std::vector<PrecisionRecallPoint>& curve, size_t most);

/// The texts in one range of confidence.
struct ReliabilityBin {
  double low = 0, high = 0;  ///< range of the confidence; `low` itself belongs to the bin before
  int64_t count = 0, hits = 0;
  double confidence = 0;             ///< mean confidence of the texts; 0 without texts
  std::optional<Interval> hit_rate;  ///< share of hits with Wilson's interval
};

/// The bins of the expected calibration error (evaluate/ranking.h), 15 of equal width.
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
