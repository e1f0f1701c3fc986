/// Options of a calibration.
#pragma once

#include <optional>

#include "decide/calibration.h"

namespace winnow {

enum class CalibrationChoice {
  kTemperature,
  kVector,
  kIsotonic,
  kNone,  ///< no calibration: probabilities are the softmax or sigmoid of the logits
  kKeep,  ///< the existing calibration of the model
};

struct CalibrationOptions {
  CalibrationChoice calibration = CalibrationChoice::kTemperature;
  std::optional<double> max_fpr = {};  ///< bound on the false-positive rate that thresholds guarantee
  double confidence = 0.95;            ///< confidence of the guarantees
  /// Bound on the share of all texts that are predicted wrongly without abstention.
  std::optional<double> max_error = {};

  /// Returns the calibration method, if one is to be fitted.
  std::optional<CalibrationMethod> Method() const;
};

}  // namespace winnow
