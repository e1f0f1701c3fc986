/// A learning curve as a table for people and as JSON for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/data_curve.h"

namespace winnow {

/// Returns a sentence about the effect of the last increase of the training part and the expected effect of more texts.
std::string Outlook(const DataCurve& curve);

/// Returns a table of the sizes, with intervals, followed by the sentence of Outlook.
std::string DataCurveText(const DataCurve& curve);

/// Returns {available, validation_count, test_count, points: [{texts, seconds, figures, intervals}], outlook}.
Json DataCurveJson(const DataCurve& curve);

}  // namespace winnow
