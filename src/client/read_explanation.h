/// Reading of explanations that a server wrote.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "winnow/classifier.h"

namespace winnow {

/// Reads what ExplanationJson (classify/prediction_json.h) wrote; nothing if `json` is not an explanation of `text`.
std::optional<Explanation> ReadExplanation(const Json& json, std::string_view text);

}  // namespace winnow
