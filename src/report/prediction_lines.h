/// The output of `winnow classify` for people about one text, whether a model of this machine or a server predicted.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// Returns a line with the label, the confidence and the text. `label` is empty if none was decided.
std::string PredictionLine(std::string_view label, double confidence, std::string_view text);

/// Returns the line for a prediction in JSON, as PredictionJson (classify/prediction_json.h) writes it. Errors:
/// kNetwork if the JSON is not a prediction.
Result<std::string> PredictionLineOf(const Json& prediction, std::string_view text);

}  // namespace winnow
