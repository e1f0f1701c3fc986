/// Explanations of predictions as text for people; classify/prediction_json.h writes them for machines.
#pragma once

#include <string>
#include <string_view>

#include "winnow/classifier.h"

namespace winnow {

/// Returns the text with its words coloured by their effect (only with `colour`: orange speaks for the label, blue
/// against it; the two colours can be told apart with colour blindness, after Okabe and Ito), and a list of the
/// strongest ones. Lines are indented and end with \n. Control characters of the text are escaped.
std::string ExplanationText(const Explanation& explanation, std::string_view text, bool colour);

}  // namespace winnow
