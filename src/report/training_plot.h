/// The chart of a training run, training.svg.
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

/// Returns at most `most` points, each the mean of neighbours.
std::vector<CurvePoint> Thinned(const std::vector<CurvePoint>& points, size_t most);

/// Draws the loss of each step, and the validation loss and the metric of each evaluation. Errors: WriteChart's.
Result<void> PlotTraining(const std::vector<CurvePoint>& losses, const std::vector<Evaluation>& evaluations,
                          const std::string& metric, const std::string& title, const std::filesystem::path& file);

}  // namespace winnow
