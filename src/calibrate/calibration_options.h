/// Options of a calibration.
#pragma once

#include <optional>

#include "decide/calibration.h"

namespace winnow {

enum class CalibrationChoice {
  kTemperature,
  kVector,
  kIsotonic,
  kNone,  ///< probabilities are those of the logits
  kKeep,  ///< the calibration that the model has
};

struct CalibrationOptions {
  CalibrationChoice calibration = CalibrationChoice::kTemperature;
  std::optional<double> max_fpr = {};    ///< bound on the false-positive rate that thresholds guarantee
  double confidence = 0.95;              ///< of that guarantee
  std::optional<double> max_error = {};  ///< bound on the share of wrong predictions without abstention

  /// The method, if one is fitted.
  std::optional<CalibrationMethod> Method() const;
};

}  // namespace winnow
