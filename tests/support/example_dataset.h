/// Single-label data sets of made-up texts, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"

namespace winnow {

/// A data set with the given number of texts per label: "text 0", "text 1"..., no two of which are equal.
inline Dataset DatasetOfCounts(const std::vector<std::pair<std::string, size_t>>& counts) {
  Dataset dataset;
  for (const auto& [name, count] : counts) {
    const auto label = static_cast<int32_t>(dataset.labels.size());
    dataset.labels.names.push_back(name);
    for (size_t i = 0; i < count; ++i) {
      const size_t text = dataset.examples.size();
      dataset.examples.push_back({"text " + std::to_string(text), {label}, "f.csv", text + 1});
    }
  }
  return dataset;
}

/// A data set of these texts, which all have the first of the labels.
inline Dataset DatasetOfTexts(const std::vector<std::string>& texts, std::vector<std::string> labels,
                              const std::string& file = "f.csv") {
  Dataset dataset;
  dataset.labels.names = std::move(labels);
  for (const std::string& text : texts) dataset.examples.push_back({text, {0}, file, dataset.examples.size() + 1});
  return dataset;
}

/// A data set of messages whose numbers are first ... first + count - 1; odd ones are spam, the others ham.
inline Dataset NumberedMessages(size_t first, size_t count) {
  Dataset set;
  set.labels.names = {"ham", "spam"};
  for (size_t i = first; i < first + count; ++i) {
    const bool spam = i % 2 == 1;
    Example& example = set.examples.emplace_back();
    example.text = (spam ? "win a prize now " : "see you at lunch ") + std::to_string(i);
    example.labels = {spam ? 1 : 0};
  }
  return set;
}

}  // namespace winnow
