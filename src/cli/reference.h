/// Returns the text of docs/cli.md, generated from the command table.
#pragma once

#include <string>

namespace winnow {

std::string CommandReference();

}  // namespace winnow
