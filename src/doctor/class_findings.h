/// Classes that can't be learnt or measured as they are: too small, unequal, or one under two names.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"
#include "doctor/near_duplicates.h"

namespace winnow {

/// Findings of kSimilarLabels, kSmallClass (under 2, 5 and 20 texts), kUnequalClasses, and kOneTextClass by
/// `groups`, those of the set's texts.
std::vector<Finding> FindClassFindings(const Dataset& dataset, const DuplicateGroups& groups);

}  // namespace winnow
