/// The options of `winnow calibrate` and `winnow train` about calibration and guarantees.
#pragma once

#include "base/options.h"
#include "calibrate/calibration_options.h"

namespace winnow {

/// Adds --calibration, --max-fpr and --confidence; for an existing bundle also the choice 'keep' and --max-error.
void AddCalibrationOptions(CalibrationOptions& options, OptionTable& table, bool of_a_bundle);

}  // namespace winnow
