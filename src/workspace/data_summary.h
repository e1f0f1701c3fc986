/// What is in a data file, in numbers, and its rows in pages.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "workspace/data_reader.h"

namespace winnow {

/// Returns the numbers of a file, as GET /v1/data/{name}/summary has them. Duplicates are texts with the DuplicateKey
/// of an earlier one. Errors: those of DataReader.
Result<Json> SummaryOf(DataReader& reader, const DataSource& source);

struct RowFilter {
  std::string contains;              ///< part of the text, without regard to the case of ASCII letters; empty: any
  std::set<size_t> rows;             ///< numbers of rows; empty: all
  std::optional<std::string> label;  ///< one of the labels of the row; an empty one: rows without a label
  size_t offset = 0;                 ///< number of rows to skip of those that match
  size_t limit = 100;
};

/// Returns a page of the rows that match, as GET /v1/data/{name}/rows has it. Long texts are cut. Errors: as above.
Result<Json> RowsOf(DataReader& reader, const DataSource& source, const RowFilter& filter);

/// Returns the labels of a row as clients have them: a name, several divided by ", ", or null.
Json LabelJson(std::span<const std::string> labels);

}  // namespace winnow
