/// Delimited text: CSV as RFC 4180 has it (quotes, doubled quotes, line ends inside quotes), and its relatives with
/// tabs, semicolons or bars.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

struct Dialect {
  char delimiter = ',';
  bool quotes = true;  ///< a field that begins with a quote ends with one; otherwise quotes are plain characters
  bool header = false;
  std::vector<std::string> columns;  ///< names from the header, or "1", "2"...
};

/// Finds out the dialect from the first piece of a file: the delimiter that gives the most rows the same number of
/// columns; quotes, which in a TSV are plain characters unless its rows use them as pandas writes them, or every field
/// of its first row is quoted (data/row_writer.h); and whether the first row is a header, which it is when it holds one
/// of the usual names of columns or one of `known_names`. Nothing when no delimiter gives two columns. `extension`
/// (".csv", ".tsv" or anything) settles ties.
std::optional<Dialect> DetectDialect(std::string_view sample, std::string_view extension,
                                     std::span<const std::string> known_names);

Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect);

}  // namespace winnow
