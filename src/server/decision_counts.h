/// How many texts of a request got which decision, for the access log and the metrics.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classify/bundle_classifier.h"

namespace winnow {

/// The name under which texts are counted for which a multi-label model decided no label.
inline constexpr std::string_view kNoLabel = "(none)";

struct DecisionCounts {
  std::string model, version;
  size_t texts = 0;
  size_t abstained = 0;  ///< number of predictions that are marked as abstentions; their labels are counted too
  /// The number of texts for each decision that occurred: the labels in the order of their ids, the name for
  /// out-of-scope texts, kNoLabel. A text with several labels counts for each of them.
  std::vector<std::pair<std::string, size_t>> decisions;
};

/// Returns all decisions that a model can make, in the order of DecisionCounts::decisions.
std::vector<std::string> DecisionNames(const BundleClassifier& classifier);

/// Counts the decisions of `texts`, which `classifier` has classified.
DecisionCounts CountDecisions(const BundleClassifier& classifier, std::span<const ClassifiedText> texts);

}  // namespace winnow
