/// Division of a text into lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns the lines of `text` without their line ends; empty lines are left out.
std::vector<std::string> Lines(std::string_view text);

}  // namespace winnow
