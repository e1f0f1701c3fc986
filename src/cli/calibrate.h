/// `winnow calibrate`, as other commands use it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/threads.h"
#include "cli/calibrating.h"

namespace winnow {

/// Calibrates a bundle on the held-out texts that it keeps, by the weights that answer.
Result<CalibrationReport> CalibrateBundle(const std::filesystem::path& bundle, const CalibrationOptions& options,
                                          ThreadPool& pool);

}  // namespace winnow
