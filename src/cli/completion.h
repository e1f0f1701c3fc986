/// Completion of command lines in shells, generated from the command table.
#pragma once

#include <string>

namespace winnow {

/// Returns the script for bash, which zsh reads too after `bashcompinit`.
std::string BashCompletion();
/// Returns the script for zsh, to be installed as _winnow in a directory of fpath.
std::string ZshCompletion();
/// Returns the script for fish.
std::string FishCompletion();

}  // namespace winnow
