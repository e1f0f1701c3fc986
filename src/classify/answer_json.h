/// The prediction for one text as JSON, for `winnow classify --json` and /v1/classify.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "classify/bundle_classifier.h"
#include "winnow/classifier.h"

namespace winnow {

/// Label ids, the most probable first; equals in the order of their ids.
std::vector<size_t> ByProbability(std::span<const float> probabilities);

/// Whose answers are told.
struct AnswerLabels {
  std::span<const std::string> names;  ///< by label id
  bool multi_label = false;
  std::string_view out_of_scope = {};  ///< the name for texts that are none of the labels
};

/// {"label", "score", "confidence", "scores": [{"label", "score"}], "decision", "abstained"}, and of models that can
/// say so "out_of_scope" and "scope_score". `top_k`: so many scores, 0 for all.
Json AnswerJson(const AnswerLabels& labels, const ClassifiedText& text, size_t top_k);

/// {"label", "method": "occlusion" or "linear", "score", "base", "words": [{"text", "begin", "end", "effect",
/// "score_change"}]}; "words_in_effect" and "unread_words" where there is something to say. begin and end count code
/// points, as Python's slices do and JavaScript's [...text]; each maximal piece of invalid UTF-8 is one.
Json ExplanationJson(const Explanation& explanation, std::string_view text);

}  // namespace winnow
