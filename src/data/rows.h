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

/// A row of a data file; valid only during the call that receives it.
struct Row {
  std::string_view file;  ///< path of the file as the user gave it
  size_t row = 0;         ///< row number, counted as Example::row
  std::string_view text;  ///< valid UTF-8; may be blank
  std::span<const Field> fields;
};

/// Calls `take` with each row that the options' filter keeps, in order: in labelled files the rows with a label, in
/// files without labels all rows. Columns without names are named "text", "label" and "column_N", so that written rows
/// can be read by name (with a template they keep their numbers). Stops at the first error of `take`. Errors: those of
/// ReadDataset, except that one label, or no label, is sufficient; kInvalidData if the filter keeps no row.
Result<void> ForEachRow(std::span<const std::filesystem::path> files, const ReadOptions& options, ReadReport& report,
                        const std::function<Result<void>(const Row& row)>& take);

/// The position of an example in the data files.
using RowPlace = std::pair<std::string, size_t>;  // file, row

/// Reads the rows of examples again from their files and passes each one to `take`, with the part that `places` gives
/// for it. Errors: those of reading the files; kInvalidData if a file has changed meanwhile, so that rows are missing.
Result<void> ForRowsOf(std::span<const std::filesystem::path> files, const ReadOptions& options,
                       const std::map<RowPlace, size_t>& places,
                       const std::function<void(size_t part, std::span<const Field> fields)>& take);

}  // namespace winnow
