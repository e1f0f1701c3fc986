/// Access to the labels of a data set's examples without their texts.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace winnow {

/// Returns true if a text has a label that its label set does not contain.
inline bool HasUnknownLabel(const Example& example) {
  return !example.labels.empty() && example.labels.front() == kUnknownLabelId;
}

/// Returns the label ids of each example, in the order of the examples.
std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset);

}  // namespace winnow
