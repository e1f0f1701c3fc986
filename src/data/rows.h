/// Unmodified rows of data files with all fields, for commands that select rows and write them again.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/record.h"

namespace winnow {

/// Valid during the call that it is handed to.
struct Row {
  std::string_view file;  ///< path of the file as the user gave it
  size_t row = 0;         ///< row number, counted as Example::row
  std::string_view text;  ///< valid UTF-8; may be blank
  std::span<const Field> fields;
};

/// Calls `take` with each row that the options' filter keeps, in order: of labelled texts those that have a label, of
/// files without labels all. Columns that a file only numbers are named "text", "label" and "column_N", so that what is
/// written can be read by name (with a template they keep their numbers). Stops at `take`'s first error. Errors: as
/// ReadDataset, but that one label, or none, is enough.
Result<void> ForEachRow(std::span<const std::filesystem::path> files, const ReadOptions& options, ReadReport& report,
                        const std::function<Result<void>(const Row& row)>& take);

/// Where an example of a data set lies.
using RowPlace = std::pair<std::string, size_t>;  // file, row

/// Hands the rows that examples came from, read again from their files, to the one that `places` names.
/// Errors: those of reading the files; kInvalidData if a file has changed meanwhile, so that rows are missing.
Result<void> ForRowsOf(std::span<const std::filesystem::path> files, const ReadOptions& options,
                       const std::map<RowPlace, size_t>& places,
                       const std::function<void(size_t part, std::span<const Field> fields)>& take);

}  // namespace winnow
