/// Where each text of a set comes from, as the data's own column `source` says.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cli/labelled_data.h"
#include "data/dataset.h"

namespace winnow {

/// Reads the files once more for a field of that name; an entry for each text, "(none)" where its row has no value.
/// Empty where no file has the field, where it is the text or the label itself, or where a file can't be read twice.
/// Errors: those of reading.
Result<std::vector<std::string>> SourcesOf(std::span<const std::filesystem::path> files,
                                           const LabelledDataOptions& options, const Dataset& dataset);

}  // namespace winnow
