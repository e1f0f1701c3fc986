/// Delimited text: CSV as in RFC 4180 (quotes, doubled quotes, line ends within quotes), and variants with tabs,
/// semicolons or bars.
#pragma once

#include <memory>

#include "base/result.h"
#include "data/dialect.h"
#include "data/record.h"

namespace winnow {

/// Returns a reader of delimited text in the dialect. It skips blank lines and rows that repeat the header.
Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect);

}  // namespace winnow
