/// The labels of a data set's examples alone.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace winnow {

/// The label ids of each example, in the order of the examples.
std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset);

}  // namespace winnow
