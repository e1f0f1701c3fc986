/// A learning curve as a picture: figures by the size of the training part.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "evaluate/data_curve.h"

namespace winnow {

/// Accuracy and macro-F1 with their intervals over the number of training texts, which is drawn logarithmically. `file`
/// ends in .svg or .png. Errors: cli/gnuplot.h; kInvalidData for a curve without points.
Result<void> PlotDataCurve(const DataCurve& curve, const std::string& title, const std::filesystem::path& file);

}  // namespace winnow
