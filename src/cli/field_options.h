/// Options that several commands have, each declared once.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"

namespace winnow {

/// --text-field. Its default is found by name; a command that reads more kinds of files says more about it.
Option& AddTextField(std::string& field, OptionTable& table);

/// --label-field.
Option& AddLabelField(std::vector<std::string>& fields, OptionTable& table);

/// --filter.
Option& AddFilter(std::vector<std::string>& filters, OptionTable& table);

/// --overwrite; `help` says what is replaced.
Option& AddOverwrite(bool& overwrite, OptionTable& table, std::string help = "Replace whatever lies at --output");

}  // namespace winnow
