#include "cli/family.h"

#include <fmt/format.h>

#include "cli/commands.h"

namespace winnow {

std::vector<std::string> CommandsOfFamily(const std::string& family) {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    if (command.name.starts_with(family + " ")) names.push_back(command.name);
  }
  return names;
}

std::string CommandLines(const std::string& prefix) {
  std::string lines;
  for (const Command& command : AllCommands()) {
    if (command.name.starts_with(prefix)) lines += fmt::format("  {:<19}{}\n", command.name, command.summary);
  }
  return lines;
}

}  // namespace winnow
