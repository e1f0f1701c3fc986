/// The source of each text of a set, from the column `source` of the data, or from another column.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// The names of the columns or keys of the text and of the labels, as they were given; empty if they are found by name.
struct FieldNames {
  std::string text;
  std::vector<std::string> labels;
};

/// Returns what `column` has for each text, for which the files are read again in the same format; "(none)" if the row
/// has no value. Empty if no file has the field, if the field is the text or the label itself, or if a file cannot be
/// read twice. Errors: those of reading.
Result<std::vector<std::string>> SourcesOf(std::span<const std::filesystem::path> files, const FieldNames& fields,
                                           const FormatOptions& format, const Dataset& dataset,
                                           const std::string& column = "source");

}  // namespace winnow
