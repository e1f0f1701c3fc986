/// Reading of data sets that no classifier can be trained on, to look at them.
#pragma once

#include <filesystem>
#include <span>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// Reads files as ReadDataset (data/dataset.h) does, but accepts rows that all have the same label, or none. Errors:
/// those of ReadDataset.
Result<Dataset> ReadDatasetOfAnyLabels(std::span<const std::filesystem::path> files, const ReadOptions& options,
                                       ReadReport& report);

}  // namespace winnow
