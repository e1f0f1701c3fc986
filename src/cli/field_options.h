/// Options that several commands have, each declared once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
Option& AddFilter(std::string& filter, OptionTable& table);

/// Adds --format (under `format_name`), --delimiter, --quoting, --no-header and --encoding, each of which replaces a
/// detection.
void AddFormatOptions(FormatOptions& format, OptionTable& table, std::string format_name = "format");

/// Adds --unknown-labels.
void AddUnknownLabels(UnknownLabels& unknown, OptionTable& table);

/// Returns the value of --unknown-labels.
std::string_view NameOf(UnknownLabels unknown);

/// Adds --overwrite; `help` says what is replaced.
Option& AddOverwrite(bool& overwrite, OptionTable& table,
                     std::string help =
                         "Write into --output even if it contains other files than those of a Winnow "
                         "model, which stay there");

/// Adds --model-version; `otherwise` describes the version that a model gets without it.
Option& AddModelVersion(std::optional<std::string>& version, OptionTable& table, std::string otherwise);

/// Adds --keep-data of a command that writes a copy of a bundle to --output.
Option& AddKeepData(bool& keep_data, OptionTable& table);

}  // namespace winnow
