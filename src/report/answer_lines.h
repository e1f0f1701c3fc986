/// What `winnow classify` prints for people about one text, whether a model of this machine or a server answered.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// The label, how sure, and the text. `label` is empty where none was decided.
std::string AnswerLine(std::string_view label, double confidence, std::string_view text);

/// The line for an answer in JSON, as AnswerJson (classify/answer_json.h) writes it. Errors: kNetwork for one that is
/// not.
Result<std::string> AnswerLineOf(const Json& answer, std::string_view text);

}  // namespace winnow
