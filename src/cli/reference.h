/// docs/cli.md, made of the command table.
#pragma once

#include <string>

namespace winnow {

std::string CommandReference();

}  // namespace winnow
