#include "cli/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "cli/commands.h"

namespace winnow {
namespace {

/// Commands for one purpose: families, or commands that belong to none.
struct Group {
  std::string_view heading;
  std::vector<std::string_view> families;
};

/// The groups of the overview. Commands that no group names are in the last one.
const std::vector<Group>& Groups() {
  static const std::vector<Group> groups = {
      {"Train and use models",
       {"train", "evaluate", "compare", "classify", "calibrate", "quantize", "export", "import", "bench", "pull",
        "verify", "tokenize"}},
      {"Data", {"data", "review"}},
      {"Server", {"serve", "keys"}},
      {"Message filter", {"filter", "rules", "milter"}},
      {"Models in use: feedback, versions, retraining", {"feedback", "registry", "retrain", "gate", "drift", "forget"}},
      {"Operation", {}}};
  return groups;
}

size_t GroupOf(const Command& command) {
  const std::string_view family = std::string_view(command.name).substr(0, command.name.find(' '));
  const auto found = std::ranges::find_if(
      Groups(), [&](const Group& group) { return std::ranges::find(group.families, family) != group.families.end(); });
  return found == Groups().end() ? Groups().size() - 1 : static_cast<size_t>(found - Groups().begin());
}

std::string Line(const Command& command) { return fmt::format("  {:<19}{}\n", command.name, command.summary); }

}  // namespace

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
    if (command.name.starts_with(prefix)) lines += Line(command);
  }
  return lines;
}

std::string GroupedCommandLines() {
  std::string text;
  for (size_t i = 0; i < Groups().size(); ++i) {
    text += fmt::format("{}{}:\n", i == 0 ? "" : "\n", Groups()[i].heading);
    for (const Command& command : AllCommands()) {
      if (GroupOf(command) == i) text += Line(command);
    }
  }
  return text;
}

}  // namespace winnow
