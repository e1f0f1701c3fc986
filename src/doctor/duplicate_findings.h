/// Findings about duplicate texts: leaks between parts, contradicting labels, and repetitions.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"
#include "doctor/near_duplicates.h"

namespace winnow {

/// The part that a text belongs to. A text in two parts is dropped from the earlier one, as `winnow train` does.
enum class Part : uint8_t { kTrain, kValidation, kTest };

/// Findings of kLeak, kNearLeak, kConflict, kNearConflict, kDuplicate and kNearDuplicate; a text has at most one of
/// them, the worst. A conflict is told of the rows with another label than most of their group have, or of all where
/// two labels have equally many. `parts`: [texts]. `groups`: FindDuplicates' of the same texts with this `near`.
std::vector<Finding> FindDuplicateFindings(const Dataset& dataset, const std::vector<Part>& parts,
                                           const DuplicateGroups& groups, double near);

}  // namespace winnow
