/// Access to the labels of a data set's examples without their texts.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace winnow {

/// Returns the label ids of each example, in the order of the examples.
std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset);

}  // namespace winnow
