/// Options that several commands have, each declared once.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "data/dataset.h"

namespace winnow {

/// Adds --text-field, which is found by name by default; commands that read other kinds of files extend its help.
Option& AddTextField(std::string& field, OptionTable& table);

/// Adds --label-field.
Option& AddLabelField(std::vector<std::string>& fields, OptionTable& table);

/// Adds --filter.
Option& AddFilter(std::vector<std::string>& filters, OptionTable& table);

/// Adds --format (under `format_name`), --delimiter, --quoting, --no-header and --encoding, each of which replaces a
/// detection.
void AddFormatOptions(FormatOptions& format, OptionTable& table, std::string format_name = "format");

/// Adds --overwrite; `help` says what is replaced.
Option& AddOverwrite(bool& overwrite, OptionTable& table,
                     std::string help =
                         "Write into --output even if it contains other files than those of a Winnow "
                         "model, which stay there");

}  // namespace winnow
