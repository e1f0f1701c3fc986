/// Models side by side as a picture, drawn by gnuplot.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "evaluate/comparison.h"

namespace winnow {

/// Macro-F1 with its interval against the time of a text (logarithmic), each model a point with its name, the best one
/// marked. The file appears once it is whole. Errors: CheckPlotFile's; kInvalidData where no model was evaluated; kIo
/// with gnuplot's own words.
Result<void> PlotComparison(const Comparison& comparison, const std::filesystem::path& file);

}  // namespace winnow
