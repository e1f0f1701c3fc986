/// The part of a data file that trainings on it hold out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>

#include "base/result.h"
#include "data/dataset.h"
#include "data/split.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns the rows of the test part that `winnow train` splits off a file: no model that was trained on the file with
/// this reading, size and seed has seen their texts. Each of the texts is in one row. Errors: kInvalidData if there are
/// too few texts for a test part; ReadSplit's.
Result<std::set<size_t>> HeldOutRows(const std::filesystem::path& file, const ReadingOptions& reading,
                                     const SplitOptions& split);

/// Keeps the texts of these rows.
void KeepRows(Dataset& dataset, const std::set<size_t>& rows);

}  // namespace winnow
