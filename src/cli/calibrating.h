/// Calibration, thresholds and abstention from held-out texts: what `winnow calibrate` does, and `winnow train` at its
/// end.
///
/// Which texts do what. A promise holds for texts that the scores were made without: a threshold or an abstention that
/// depends on a calibration of the same texts has none. So the texts are dealt out by chance, in equal parts:
///   - one part for all where a calibration alone is fitted, or nothing is
///   - thresholds of --max-fpr share the calibration's part where that keeps the order of the texts
///     (decide/calibration.h: KeepsOrder), and have one of their own elsewhere
///   - abstention has one of its own, unless neither a calibration nor thresholds are chosen with it
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "data/dataset.h"
#include "decide/calibration.h"

namespace winnow {

enum class CalibrationChoice { kTemperature, kVector, kIsotonic, kNone, kKeep };

struct CalibrationOptions {
  CalibrationChoice calibration = CalibrationChoice::kTemperature;
  std::optional<double> max_fpr;
  double confidence = 0.95;
  std::optional<double> max_error;  // no option of `winnow train`

  /// The method, where one is fitted.
  std::optional<CalibrationMethod> Method() const;
};

/// --calibration, --max-fpr, --confidence; for a bundle that exists also 'keep' and --max-error.
void AddCalibrationOptions(CalibrationOptions& options, OptionTable& table, bool of_a_bundle);

/// Texts that training has not seen, and what the model says of them.
struct HeldOutTexts {
  const Dataset& dataset;
  std::vector<float> logits;  ///< [texts, labels]: what is fitted
  /// [texts, labels] probabilities as the bundle answers with such a calibration, windows of long texts pooled.
  std::function<Result<std::vector<float>>(const Calibration& calibration)> answers;
  int32_t positive_label = -1;
  bool pooled = false;  ///< texts may be read in windows
  std::string source;   ///< what the manifest calls them
  std::string weights;  ///< that answered
};

/// What there are too few texts for: told before a training, which takes longer. Errors: kInvalidData, with how many
/// there are and how many are needed; kInvalidArgument for --max-fpr without a positive label.
Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled);

struct CalibrationReport {
  nlohmann::ordered_json json;
  std::string text;                ///< a table of figures, thresholds and abstention, lines ended by \n
  std::string line;                ///< the calibration in a line: "temperature 1.32"
  std::vector<std::string> notes;  ///< what a user should know
};

/// Fits and chooses what `options` say, and puts it into `manifest`. Thresholds and abstention that promised something
/// with the former calibration are chosen again, with the same promise. Deterministic. Errors: CheckEnoughTexts';
/// FitCalibration's.
Result<CalibrationReport> CalibrateManifest(const HeldOutTexts& texts, CalibrationOptions options, Manifest& manifest);

}  // namespace winnow
