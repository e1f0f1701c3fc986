/// Findings about classes that cannot be learnt or measured well: classes that are too small or unequal, or that have
/// two names.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"
#include "doctor/near_duplicates.h"

namespace winnow {

/// Returns the findings of kSimilarLabels, kSmallClass (under 2, 5 and 20 texts), kUnequalClasses, and kOneTextClass.
/// `groups` are the duplicate groups of the set's texts.
std::vector<Finding> FindClassFindings(const Dataset& dataset, const DuplicateGroups& groups);

}  // namespace winnow
