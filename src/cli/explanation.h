/// Explanations of answers, for people and for machines.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "winnow/classifier.h"

namespace winnow {

/// The text with its words coloured by their effect (only with `colour`: orange speaks for the label, blue against it;
/// the two are told apart whatever one's sight, after Okabe and Ito), and the strongest ones as a list. Lines are
/// indented and end with \n. No control character of the text comes through.
std::string ExplanationText(const Explanation& explanation, std::string_view text, bool colour);

/// {"label", "method": "occlusion" or "linear", "score", "base", "words": [{"text", "begin", "end", "effect",
/// "score_change"}]}; "words_in_effect" and "unread_words" where there is something to say. begin and end count code
/// points, as Python's slices do and JavaScript's [...text]; each maximal piece of invalid UTF-8 is one.
nlohmann::ordered_json ExplanationJson(const Explanation& explanation, std::string_view text);

}  // namespace winnow
