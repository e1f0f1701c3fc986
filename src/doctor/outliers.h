/// Texts that are unlike the others of their set: in length, in script, or broken on their way into the file.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"

namespace winnow {

/// Findings of kLength (the logarithm of the characters, a modified z-score beyond 3.5: Iglewicz, Hoaglin 1993, "How to
/// Detect and Handle Outliers"), kScript (scripts of under 1 % of the texts that have letters), kNearlyEmpty and
/// kEncoding (U+FFFD; UTF-8 read as Windows-1252).
std::vector<Finding> FindOutliers(const Dataset& dataset);

}  // namespace winnow
