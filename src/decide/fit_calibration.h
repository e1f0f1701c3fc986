/// Fitting of a calibration on held-out texts, by any of the methods.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/calibration.h"

namespace winnow {

/// Minimum number of texts with a label, and without it, for a temperature of its own; vector scaling needs as many of
/// every label.
inline constexpr int64_t kEnoughOfLabel = 10;

/// Held-out texts with the predictions of the model: logits [texts, labels], and the label ids of each text.
struct LabelledLogits {
  std::span<const float> logits;
  std::span<const std::vector<int32_t>> truth;
  std::span<const std::string> labels;
  bool multi_label = false;
};

struct CalibrationFit {
  Calibration calibration;
  /// Notes for the user: why a temperature stayed 1, for which labels none could be fitted.
  std::vector<std::string> notes;
};

/// Checks that there are enough texts for the method. A temperature is never refused: with too few texts it stays 1,
/// and FitCalibration says so. Errors: kInvalidData, with the numbers of existing and required texts.
Result<void> CheckEnoughFor(CalibrationMethod method, std::span<const std::vector<int32_t>> truth,
                            std::span<const std::string> labels, bool multi_label);

/// Fits a calibration. Deterministic. Errors: CheckEnoughFor's; kInvalidArgument if sizes disagree, an id is out of
/// range, a single-label text does not have exactly one label, or a logit is not finite.
Result<CalibrationFit> FitCalibration(CalibrationMethod method, const LabelledLogits& texts);

}  // namespace winnow
