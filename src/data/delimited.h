/// Delimited text: CSV as in RFC 4180 (quotes, doubled quotes, line ends within quotes), and variants with tabs,
/// semicolons or bars.
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

/// Determines the dialect from the first bytes of a file. The delimiter is the one that gives the most rows an equal
/// number of columns. Quotes are plain characters in a TSV unless its rows use them as pandas writes them, or every
/// field of its first row is quoted (data/row_writer.h). The first row is a header if it contains a usual name of a
/// column or one of `known_names`. Nothing if no delimiter gives two columns. `extension` (".csv", ".tsv" or any other)
/// settles ties.
std::optional<Dialect> DetectDialect(std::string_view sample, std::string_view extension,
                                     std::span<const std::string> known_names);

Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect);

}  // namespace winnow
