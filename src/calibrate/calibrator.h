/// Calibration, decision thresholds and abstention from a calibration set, for `winnow calibrate` and for the end of
/// `winnow train`.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "calibrate/partition.h"
#include "data/dataset.h"
#include "decide/calibration.h"
#include "decide/conformal.h"
#include "decide/fit_calibration.h"
#include "decide/neyman_pearson.h"

namespace winnow {

inline constexpr std::array kModes = {Mode::kStrict, Mode::kModerate, Mode::kLenient};

/// Texts that the model was not trained on, and its predictions for them.
struct HeldOutTexts {
  const Dataset& dataset;
  std::vector<float> logits;  ///< [texts, labels] logits that a calibration is fitted to
  /// Returns the probabilities [texts, labels] that the bundle predicts with a calibration; windows of long texts are
  /// pooled.
  std::function<Result<std::vector<float>>(const Calibration& calibration)> predict;
  int32_t positive_label = -1;
  bool pooled = false;  ///< true if texts may be read in windows
  std::string source;   ///< the name of the texts in the manifest
  std::string weights;  ///< weights that computed the logits: "f32", "int8", "linear"
};

/// The thresholds of one label that guarantee a false-positive rate, and the number of texts that they were chosen on.
struct ChosenThresholds {
  std::string label;
  FprThresholds thresholds;
  size_t negatives = 0;
  std::array<int64_t, 3> reached = {};  ///< negatives at or above each threshold, in the order of kModes
};

/// The fitted calibration and chosen thresholds, with their metrics.
struct CalibrationResult {
  CalibrationOptions options;  ///< options as applied: guarantees that the model gave before are included
  size_t texts = 0;
  std::string source, weights;
  std::vector<std::string> labels;
  Calibration calibration;
  bool was_calibrated = false;               ///< true if the model had a calibration before
  CalibrationMetrics before, was, after;     ///< metrics without calibration, with the former one and with the new one
  std::string measured;                      ///< texts that `after` was measured on, and the method
  std::vector<ChosenThresholds> thresholds;  ///< chosen thresholds; empty without options.max_fpr
  /// Chosen abstention thresholds in the order of kModes, with options.max_error.
  std::array<AbstentionThreshold, 3> abstention = {};
  CalibrationPartition partition;
  std::vector<std::string> notes;  ///< notes for the user
};

/// Gives each label of a multi-label model the threshold with the best F1 on these texts (decide/label_thresholds.h).
/// `probabilities` are [texts, labels]; `truth` contains the label ids of each text.
void SetBestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                         std::span<const std::string> labels, Thresholds& thresholds);

/// Returns thresholds without a guarantee: `moderate`, which lies between 0 and 1, and those of the other modes, which
/// are as far from it in log-odds as the default thresholds are from 0.5. All are more than 0 and less than 1.
Thresholds ThresholdsAround(double moderate);

/// Fits a calibration and chooses thresholds and abstention as the options require. Texts with unknown labels
/// (kUnknownLabelId) are negatives of every label and errors; a single-label calibration is not fitted to them.
/// Deterministic; for one use.
class Calibrator {
 public:
  /// Creates a calibrator for `texts`, which must outlive it.
  Calibrator(const HeldOutTexts& texts, const CalibrationOptions& options);

  /// Puts calibration, thresholds and abstention into `manifest`. A guarantee that the manifest gives with its former
  /// calibration is kept: thresholds and abstention are chosen again, with the same bounds. Errors: CheckEnoughTexts',
  /// FitCalibration's, and those of HeldOutTexts::predict.
  Result<CalibrationResult> Calibrate(Manifest& manifest);

 private:
  using Indices = std::vector<size_t>;
  using LabelIds = std::vector<std::vector<int32_t>>;

  void KeepGuarantees(const Manifest& manifest);
  Result<void> Fit(Manifest& manifest);
  Result<CalibrationFit> FitOn(CalibrationMethod method, const Indices& part) const;
  Indices Fittable(const Indices& part) const;
  Result<void> Measure(const Calibration& former, const Calibration& now);
  Result<bool> CrossFit(CalibrationMethod method, Indices& part, std::vector<float>& probabilities) const;
  Result<CalibrationMetrics> MetricsOf(std::span<const float> probabilities, const Indices& part) const;
  Result<void> ChooseThresholds(Thresholds& thresholds);
  Result<ChosenThresholds> ThresholdsOf(size_t label) const;
  std::vector<float> NegativeScores(size_t label) const;
  Result<void> ChooseAbstention(Manifest& manifest);
  void NotePartition();
  void Note(std::string note) { result_.notes.push_back(std::move(note)); }

  std::vector<float> LogitsAt(const Indices& part) const;
  LabelIds TruthAt(const Indices& part) const;
  std::vector<float> ProbabilitiesAt(const Calibration& calibration, const Indices& part) const;
  std::span<const float> RowOf(size_t text) const;

  const HeldOutTexts& texts_;
  CalibrationOptions options_;
  const std::vector<std::string>& labels_;
  const bool multi_label_;
  const LabelIds truth_;

  bool tune_ = false;                 // thresholds with the best F1 are chosen again
  std::vector<float> probabilities_;  // [texts, labels] with the new calibration
  CalibrationResult result_;
};

}  // namespace winnow
