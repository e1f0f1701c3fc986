/// A learning curve as a table for people and as JSON for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/data_curve.h"

namespace winnow {

/// One sentence about the effect of the last increase of the training part and the expected effect of more texts.
std::string Outlook(const DataCurve& curve);

/// A table of the sizes, with intervals, and the sentence.
std::string DataCurveText(const DataCurve& curve);

/// {available, validation_count, test_count, points: [{texts, seconds, figures, intervals}], outlook}.
Json DataCurveJson(const DataCurve& curve);

}  // namespace winnow
