/// Comparison of teacher and student after a distillation.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Measures teacher and student on the same texts: their size, speed and metrics. Logs a table and returns the JSON
/// document of `winnow compare`. Errors: those of measuring.
Result<Json> CompareWithTeacher(const TrainingPlan& plan, const Dataset& texts, ThreadPool& pool);

}  // namespace winnow
