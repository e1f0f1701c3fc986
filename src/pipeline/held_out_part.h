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

/// Returns true if training_info.json shows that a bundle was trained on other texts than those that are left for a
/// training on the file with this reading, size and seed, so that it may have seen the texts of `rows`, those of
/// HeldOutRows; or that it was trained on some of these, because its labels, its label map or its minimum of texts per
/// label made another split. False also if it does not tell.
bool WasTrainedOnOtherTexts(const std::filesystem::path& bundle, const std::filesystem::path& file,
                            const ReadingOptions& reading, const SplitOptions& split, const std::set<size_t>& rows);

/// Keeps the texts of these rows.
void KeepRows(Dataset& dataset, const std::set<size_t>& rows);

}  // namespace winnow
