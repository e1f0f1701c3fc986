/// The source of each text of a set, from the column `source` of the data.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// The columns or keys of the text and of the labels, as they were given; empty if they are to be found by name.
struct FieldNames {
  std::string text;
  std::vector<std::string> labels;
};

/// Reads the files once more for a field of that name; an entry for each text, "(none)" where its row has no value.
/// Empty where no file has the field, where it is the text or the label itself, or where a file can't be read twice.
/// Errors: those of reading.
Result<std::vector<std::string>> SourcesOf(std::span<const std::filesystem::path> files, const FieldNames& fields,
                                           const Dataset& dataset);

}  // namespace winnow
