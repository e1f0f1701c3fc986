/// --teacher: a model that exists already helps to train a smaller one.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "classify/text_encoder.h"
#include "cli/train_options.h"
#include "data/split.h"
#include "train/text_set.h"

namespace winnow {

/// Appends the texts of --unlabelled to `train`, as `encoder` reads them, and gives every text the answer of --teacher.
/// Errors: those of loading and reading; kInvalidArgument where the teacher knows other labels.
Result<void> AddTeacherOf(const TrainCommandOptions& options, const Split& split, const TextEncoder& encoder,
                          ThreadPool& pool, TextSet& train);

/// Teacher and student side by side on the same texts: their size, their speed and their figures; as a table for the
/// log, and as `winnow compare` has it in JSON. Errors: those of measuring.
Result<Json> CompareWithTeacher(const TrainCommandOptions& options, const Dataset& texts, ThreadPool& pool);

}  // namespace winnow
