/// Experiments for people and programs: what is known, what was decided, and what would decide.
#pragma once

#include <string>

#include "base/json.h"
#include "experiment/experiment_step.h"

namespace winnow {

/// Returns several lines.
std::string StatusText(const Experiment& experiment, const ExperimentReportCard& card);
Json StatusJson(const Experiment& experiment, const ExperimentReportCard& card);

}  // namespace winnow
