/// The bytes of one row with other labels.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/dialect.h"

namespace winnow {

/// Each function returns the row, whose line end stays as it is, with the given labels in place of its own, and all
/// other bytes as they are; without labels the row has none. Errors: kUnsupported if the format cannot hold these
/// labels in this row.

/// `label_fields`: the column of the label, or several 0/1 columns.
Result<std::string> RelabelTableRow(std::string_view row, const Dialect& dialect, char line_end,
                                    std::span<const std::string> label_fields, std::span<const std::string> labels);
Result<std::string> RelabelJsonLine(std::string_view line, const std::string& label_field,
                                    std::span<const std::string> labels);
Result<std::string> RelabelFastTextLine(std::string_view line, std::span<const std::string> labels);

}  // namespace winnow
