/// The chart of `winnow data curve --plot`.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "evaluate/data_curve.h"

namespace winnow {

/// Draws accuracy and macro-F1 with their intervals over the number of training texts, on a logarithmic axis. Errors:
/// kInvalidData for a curve without points; WriteChart's.
Result<void> PlotDataCurve(const DataCurve& curve, const std::string& title, const std::filesystem::path& file);

}  // namespace winnow
