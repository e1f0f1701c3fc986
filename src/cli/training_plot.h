/// How a training went, as a picture: the losses and the metric by step, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/trainer.h"

namespace winnow {

struct CurvePoint {
  double step = 0;
  double value = 0;
};

/// At most `most` points, each the mean of neighbours.
std::vector<CurvePoint> Thinned(const std::vector<CurvePoint>& points, size_t most);

/// `losses`: of each step. `file` ends in .svg or .png. Errors: cli/gnuplot.h.
Result<void> PlotTraining(const std::vector<CurvePoint>& losses, const std::vector<Evaluation>& evaluations,
                          const std::string& metric, const std::string& title, const std::filesystem::path& file);

}  // namespace winnow
