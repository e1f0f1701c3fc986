/// Calibration, decision thresholds and abstention from a calibration set: what `winnow calibrate` does, and `winnow
/// train` at its end.
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

/// Texts that training has not seen, and what the model says of them.
struct HeldOutTexts {
  const Dataset& dataset;
  std::vector<float> logits;  ///< [texts, labels]: what is fitted
  /// [texts, labels] probabilities as the bundle predicts them with a calibration, windows of long texts pooled.
  std::function<Result<std::vector<float>>(const Calibration& calibration)> predict;
  int32_t positive_label = -1;
  bool pooled = false;  ///< texts may be read in windows
  std::string source;   ///< the name of the texts in the manifest
  std::string weights;  ///< the weights that made the logits: "f32", "int8", "linear"
};

/// The thresholds of one label that guarantee a false-positive rate, and the texts that chose them.
struct ChosenThresholds {
  std::string label;
  FprThresholds thresholds;
  size_t negatives = 0;
  std::array<int64_t, 3> reached = {};  ///< negatives at or above each threshold, in the order of kModes
};

/// The fitted calibration and chosen thresholds, with their metrics.
struct CalibrationResult {
  CalibrationOptions options;  ///< as applied: guarantees that the model gave before are included
  size_t texts = 0;
  std::string source, weights;
  std::vector<std::string> labels;
  Calibration calibration;
  bool was_calibrated = false;                         ///< the model had a calibration before
  CalibrationFigures before, was, after;               ///< of the logits, with the former and with the new calibration
  std::string measured;                                ///< which texts `after` is of, and how
  std::vector<ChosenThresholds> thresholds;            ///< with options.max_fpr
  std::array<AbstentionThreshold, 3> abstention = {};  ///< with options.max_error, in the order of kModes
  CalibrationPartition partition;
  std::vector<std::string> notes;  ///< notes for the user
};

/// Gives each label of a multi-label model its threshold with the best F1 on these texts (decide/label_thresholds.h),
/// in four decimals. `probabilities` [texts, labels]; `truth` the label ids of each text.
void SetBestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                         std::span<const std::string> labels, Thresholds& thresholds);

/// Fits and chooses what the options ask for. Deterministic; used once.
class Calibrator {
 public:
  /// `texts` must outlive the calibrator.
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
  Result<void> Measure(const Calibration& former, const Calibration& now);
  Result<bool> CrossFit(CalibrationMethod method, Indices& part, std::vector<float>& probabilities) const;
  Result<CalibrationFigures> FiguresOf(std::span<const float> probabilities, const Indices& part) const;
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
