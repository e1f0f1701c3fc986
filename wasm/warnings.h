/// The warnings that the program would log.
#pragma once

#include <string>

namespace winnow {

/// Returns the warnings since the last call, a line each.
std::string TakeWarnings();

}  // namespace winnow
