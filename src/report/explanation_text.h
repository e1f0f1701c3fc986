/// Explanations of answers, for people; for machines see classify/answer_json.h.
#pragma once

#include <string>
#include <string_view>

#include "winnow/classifier.h"

namespace winnow {

/// The text with its words coloured by their effect (only with `colour`: orange speaks for the label, blue against it;
/// the two are told apart whatever one's sight, after Okabe and Ito), and the strongest ones as a list. Lines are
/// indented and end with \n. No control character of the text comes through.
std::string ExplanationText(const Explanation& explanation, std::string_view text, bool colour);

}  // namespace winnow
