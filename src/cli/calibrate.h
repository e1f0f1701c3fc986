/// `winnow calibrate`, for use by other commands.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "calibrate/calibration_options.h"

namespace winnow {

/// A report about the calibration of a bundle, for people (lines ended by \n) and for machines.
struct CalibratedBundle {
  std::string text;
  Json json;
};

/// Calibrates a bundle on the calibration set that it contains, with the weights that it predicts with. Errors: those
/// of reading, classifying and writing; Calibrator's.
Result<CalibratedBundle> CalibrateBundle(const std::filesystem::path& bundle, const CalibrationOptions& options,
                                         ThreadPool& pool);

}  // namespace winnow
