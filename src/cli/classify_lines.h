/// What `winnow classify` prints for people about one text, whether a model of this machine or a server answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "winnow/classifier.h"

namespace winnow {

/// The label, how sure, and the text. `label` is empty where none was decided.
std::string AnswerLine(std::string_view label, double confidence, std::string_view text);

/// The same of an answer as AnswerJson (classify/answer_json.h) writes it. Errors: kNetwork for one that is not.
Result<std::string> AnswerLineOf(const Json& answer, std::string_view text);

/// What ExplanationJson wrote, read back; nothing for what is not one of this text.
std::optional<Explanation> ReadExplanation(const Json& json, std::string_view text);

}  // namespace winnow
