/// Detection of texts that are unlike the others of their set: in length, in script, or with a broken encoding.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"

namespace winnow {

/// Returns findings of kLength (the logarithm of the number of characters has a modified z-score beyond 3.5: Iglewicz,
/// Hoaglin 1993, "How to Detect and Handle Outliers"), kScript (scripts of under 1 % of the texts that have letters),
/// kNearlyEmpty and kEncoding (U+FFFD; UTF-8 read as Windows-1252).
std::vector<Finding> FindOutliers(const Dataset& dataset);

}  // namespace winnow
