/// Recognition of rows that a stray quote has made the contents of a quoted field.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "data/dialect.h"

namespace winnow {

/// Two lines of a row with line ends, counted from 0.
struct SwallowedRow {
  size_t opened = 0;  ///< the line in which the quoted field begins
  size_t row = 0;     ///< the line that looks like a row of its own
};

/// Returns the first line of a row that looks like a whole row. `raw` is the text of one row, in which a quoted field
/// contains line ends. A line looks like a row if it has as many fields as the table has columns and if, outside of the
/// parts that belong to the row in any case, the values agree with the dialect's profiles: with numbers, or with
/// labels.
std::optional<SwallowedRow> FindSwallowedRow(std::string_view raw, const Dialect& dialect, char line_end);

}  // namespace winnow
