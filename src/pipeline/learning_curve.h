/// Learning curves: metrics as a function of the number of training texts.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "data/split.h"
#include "evaluate/data_curve.h"
#include "pipeline/train.h"

namespace winnow {

/// Trains by the plan on a small part of the training texts, then on larger parts, each of which contains the smaller
/// ones and has every label in proportion. `sizes` are those of CurveSizes. The validation part and the test part,
/// which must have examples, stay constant. Errors: CurveSizes', TrainAndMeasure's.
Result<DataCurve> MeasureLearningCurve(const TrainingPlan& plan, const std::vector<std::string>& sizes,
                                       const Split& split, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow
