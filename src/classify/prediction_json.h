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

/// Returns the shortest decimal number that is nearest to `value` as a float: 0.3 for 0.3F, which as a double would be
/// 0.30000001192092896.
double ShortestDecimal(float value);

/// Returns the label ids, the most probable one first; equally probable ones in the order of their ids.
std::vector<size_t> ByProbability(std::span<const float> probabilities);

/// The labels of the model whose predictions are written.
struct PredictionLabels {
  std::span<const std::string> names;  ///< names by label id
  bool multi_label = false;
  std::string_view out_of_scope = {};  ///< name for out-of-scope texts; empty if the model has no rule for them
};

/// Returns {"label", "score", "confidence", "scores": [{"label", "score"}], "decision", "abstained"}; "threshold" if
/// the decision applied one; and, for models with a rule for out-of-scope texts, "out_of_scope" and "scope_score".
/// "nearest_label" is the label that score and confidence of an out-of-scope text refer to. `top_k`: the number of
/// scores, 0 for all.
Json PredictionJson(const PredictionLabels& labels, const ClassifiedText& text, size_t top_k);

/// Returns {"label", "method": "occlusion" or "linear", "score", "base", "words": [{"text", "begin", "end", "effect",
/// "score_change"}]}, with "words_in_effect" and "unread_words" unless they have their defaults. begin and end count
/// code points, as Python's slices and JavaScript's [...text] do; each maximal piece of invalid UTF-8 counts as one.
Json ExplanationJson(const Explanation& explanation, std::string_view text);

}  // namespace winnow
