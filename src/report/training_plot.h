/// The chart of a training run, training.svg.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/trainer.h"

namespace winnow {

/// A value that was measured after a step, which is a mean of steps where neighbours were joined.
struct StepValue {
  double step = 0;
  double value = 0;
};

/// Returns at most `most` points, each the mean of neighbours.
std::vector<StepValue> Thinned(const std::vector<StepValue>& points, size_t most);

/// Draws the loss of each step, and the validation loss and the metric of each evaluation. Errors: WriteChart's.
Result<void> PlotTraining(const std::vector<StepValue>& losses, const std::vector<Evaluation>& evaluations,
                          const std::string& metric, const std::string& title, const std::filesystem::path& file);

}  // namespace winnow
