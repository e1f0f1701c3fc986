/// Suggestions for options that a command does not have: names that people know from other programs, and names that
/// contain words of an option of the command.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Returns "did you mean '--threads'?" for `guess`, a name without hyphens in front such as "n-jobs", with up to three
/// names of `names`, the options of the command. Empty if none of them is meant by a usual name like this, has all
/// words of the guess, or is the beginning of it ("report-dir": "report").
std::string SuggestOption(std::string_view guess, std::span<const std::string> names);

/// Returns true if people call the positional argument `argument` ("data", "bundle") so: "test", "file", "model".
bool MayMeanArgument(std::string_view guess, std::string_view argument);

}  // namespace winnow
