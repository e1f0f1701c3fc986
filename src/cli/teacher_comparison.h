/// Teacher and student side by side, after a distillation.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Measures teacher and student on the same texts: their size, their speed and their metrics; as a table on the log,
/// and as `winnow compare` has it in JSON. Errors: those of measuring.
Result<Json> CompareWithTeacher(const TrainingPlan& plan, const Dataset& texts, ThreadPool& pool);

}  // namespace winnow
