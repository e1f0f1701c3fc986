/// The first half of a linear model's ONNX graph: from texts to the counts of n-grams.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "linear/linear_model.h"
#include "onnx/graph_builder.h"

namespace winnow {

/// Counts [batch, features] of one analyzer, and the feature of each column.
struct OnnxCounts {
  std::string counts;            ///< output of the node with the counts
  std::vector<size_t> features;  ///< indices of the columns' features in the Vectorizer
};

/// Appends the nodes that count the Vectorizer's word n-grams, its features [begin, end), in `lines`, strings [batch].
/// Appends nothing if no text can have any of the features.
OnnxCounts AddWordCounts(GraphBuilder& graph, const std::string& lines, const Vectorizer& vectorizer, size_t begin,
                         size_t end);

/// Adds the nodes that count n-grams of characters; `within_words`: char_wb.
OnnxCounts AddCharacterCounts(GraphBuilder& graph, const std::string& lines, const Vectorizer& vectorizer, size_t begin,
                              size_t end, bool within_words);

}  // namespace winnow
