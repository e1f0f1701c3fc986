/// The output of `winnow classify` for people about one text, whether a model of this machine or a server predicted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// Returns a line with the label, its confidence and the text, whose segments are divided by [SEP], for a prediction as
/// PredictionJson (classify/prediction_json.h) writes it. If the decision threshold made the decision, because the
/// decided label is not the most probable one, the line contains the threshold. Each label of a multi-label decision
/// has its own probability, if `scores` contains it, the most probable one first; the confidence that no label applies
/// is that of the most probable one not applying:
///
///     spam           22.5 %  (threshold 17 %)  You won a prize
///     ham            35.0 %  (threshold of spam 70 %)  See you at lunch
///     ham            62.0 %  (uncertain: review)  Call me back about the prize
///     toxic 99.0 %, insult 97.4 %  You are a fool
///     (none)         91.1 %  (most probable label: toxic, 8.9 %)  See you at lunch
///     out_of_scope?       -  (nearest label: greeting, 44.9 %)  How heavy is an elephant?
///
/// With `top_k`, the `top_k` most probable labels (0: all of `scores`) that the line does not contain as decided
/// follow, each on an indented line with its probability. Errors: kNetwork if the JSON is not a prediction.
Result<std::string> PredictionLineOf(const Json& prediction, std::string_view text,
                                     std::optional<size_t> top_k = std::nullopt);

/// Returns the first line of a table of predictions (RFC 4180; `delimiter` is a comma or a tab).
std::string PredictionTableHeader(char delimiter);

/// Returns a prediction in JSON as a line of the table: row (empty if 0), the decided labels, confidence, score,
/// whether the model abstained, and the text. Errors: kNetwork if the JSON is not a prediction.
Result<std::string> PredictionTableRow(const Json& prediction, std::string_view text, size_t row, char delimiter);

}  // namespace winnow
