/// Families of commands: "data" of "data get", "data split" and others.
#pragma once

#include <string>
#include <vector>

namespace winnow {

/// Returns the names of the commands of a family, in the order of the overview; none if there is no such family.
std::vector<std::string> CommandsOfFamily(const std::string& family);

/// Returns an overview of the commands whose names begin with `prefix`, one per line.
std::string CommandLines(const std::string& prefix);

/// Returns an overview of all commands, one per line, in groups with a heading for each purpose.
std::string GroupedCommandLines();

}  // namespace winnow
