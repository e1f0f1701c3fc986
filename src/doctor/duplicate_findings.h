/// Findings about duplicate texts: leaks between parts, contradicting labels, and repetitions.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "doctor/findings.h"
#include "doctor/near_duplicates.h"

namespace winnow {

/// The part that a text belongs to. A text in two parts is dropped from the earlier one, as `winnow train` does.
enum class DataPart : uint8_t { kTrain, kValidation, kTest };

/// Returns findings of kLeak, kNearLeak, kConflict, kNearConflict, kDuplicate and kNearDuplicate; a text has at most
/// one of these findings, the worst. A conflict is reported for the rows whose label differs from that of most rows in
/// their group, or for all rows if two labels are equally frequent. `parts` are [texts]. `groups` is the result of
/// FindDuplicates for these texts with this `near`.
std::vector<Finding> FindDuplicateFindings(const Dataset& dataset, const std::vector<DataPart>& parts,
                                           const DuplicateGroups& groups, double near);

}  // namespace winnow
