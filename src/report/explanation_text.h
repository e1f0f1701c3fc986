/// Explanations of predictions as text for people; classify/prediction_json.h writes them for machines.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "winnow/classifier.h"

namespace winnow {

/// Returns the text with its words coloured by their effect (only with `colour`: orange speaks for the label, blue
/// against it; the two colours can be told apart with colour blindness, after Okabe and Ito), and a list of the
/// strongest ones. `decision` is the label that was printed before; if the explained label is another one, a line names
/// it. Lines are indented and end with \n. Control characters of the text are escaped.
std::string ExplanationText(const Explanation& explanation, std::string_view text, bool colour,
                            std::string_view decision);

/// Returns the decided label of a prediction as classify/prediction_json.h writes it; empty for a multi-label one.
std::string DecidedLabel(const Json& prediction);

}  // namespace winnow
