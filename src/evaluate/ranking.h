/// Metrics of probabilities rather than of decisions: ROC-AUC, calibration errors, Brier score and log loss.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace winnow {

/// Returns the area under the ROC curve: the chance that a text with the label has a higher score than one without it,
/// ties counting half (Mann-Whitney, midranks; equal to scikit-learn's roc_auc_score). `scores[i * stride]` is text i's
/// score; `truth[i]` is 1 for texts with the label. None if no text, or every text, has the label. Scores must not be
/// NaN.
std::optional<double> RocAuc(std::span<const float> scores, size_t stride, std::span<const uint8_t> truth);

/// Expected calibration error with 15 bins of equal width, (0, 1/15] ... (14/15, 1], 0 in the first (Naeini et al.
/// 2015; Guo et al. 2017): the mean gap between confidence and the share of hits, weighted by the bin's size.
class CalibrationError {
 public:
  void Add(double confidence, bool hit);
  /// Returns the error; none if nothing was added.
  std::optional<double> Value() const;

 private:
  static constexpr int kBins = 15;
  struct Bin {
    int64_t count = 0, hits = 0;
    double confidence = 0;
  };
  Bin bins_[kBins];
};

/// Expected calibration error with 15 bins of equal numbers of texts (Nixon et al. 2019, "Measuring Calibration in
/// Deep Learning", adaptive bins). It stays meaningful if nearly all confidences lie above 14/15. Equal confidences
/// count alike, with the mean of their hits, so that the order of the texts does not matter.
class AdaptiveCalibrationError {
 public:
  void Add(double confidence, bool hit) { texts_.push_back({confidence, hit ? 1.0 : 0.0}); }
  /// Returns the error; none if nothing was added.
  std::optional<double> Value() const;

 private:
  struct Text {
    double confidence, hit;
  };
  std::vector<Text> texts_;
};

/// Returns -log p of the true label, in nats; p is at least 2^-52, as in scikit-learn's log_loss.
double LogLoss(double probability_of_truth);

}  // namespace winnow
