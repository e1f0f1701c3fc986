/// Calibration, thresholds and abstention from held-out texts: what `winnow calibrate` does, and `winnow train` at its
/// end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "cli/calibration_options.h"
#include "data/dataset.h"
#include "decide/calibration.h"

namespace winnow {

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

struct CalibrationReport {
  Json json;
  std::string text;                ///< a table of figures, thresholds and abstention, lines ended by \n
  std::string line;                ///< the calibration in a line: "temperature 1.32"
  std::vector<std::string> notes;  ///< what a user should know
};

/// Fits and chooses what `options` say, and puts it into `manifest`. Thresholds and abstention that promised something
/// with the former calibration are chosen again, with the same promise. Deterministic. Errors: CheckEnoughTexts';
/// FitCalibration's.
Result<CalibrationReport> CalibrateManifest(const HeldOutTexts& texts, CalibrationOptions options, Manifest& manifest);

}  // namespace winnow
