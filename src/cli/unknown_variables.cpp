#include "cli/unknown_variables.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "base/option_name.h"
#include "base/suggest.h"
#include "cli/commands.h"

namespace winnow {
namespace {

constexpr std::string_view kPrefix = "WINNOW_";

/// Variables that are no options, without the prefix: of the program, of the package for Node.js, of the build and of
/// the tests.
constexpr std::array<std::string_view, 8> kOtherVariables = {"API_KEY", "DATA_MIRROR", "ISA",  "WEB_DIR",
                                                             "ENGINE",  "SPAM_MODEL",  "PAGE", "SHARED"};
/// Variables of others begin like this: Kubernetes sets those in the pods beside a service named winnow, and the tests
/// of this project read the last.
constexpr std::array<std::string_view, 3> kPrefixesOfOthers = {"SERVICE_", "PORT_", "TEST_"};

/// Returns the names of the options of all commands as variables have them: BATCH_SIZE.
std::vector<std::string> OptionVariables() {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    const std::unique_ptr<Invocation> invocation = command.begin();
    for (const OptionSummary& option : invocation->table().Summaries()) {
      if (option.positional) continue;
      names.push_back(option.name);
      names.insert(names.end(), option.aliases.begin(), option.aliases.end());
    }
  }
  for (std::string& name : names) name = UpperOptionName(name);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace

std::vector<std::string> UnknownVariableWarnings(std::span<const std::string> variables) {
  std::vector<std::string> unknown;
  for (const std::string& variable : variables) {
    if (!variable.starts_with(kPrefix)) continue;
    std::string name = variable.substr(kPrefix.size(), variable.find('=') - kPrefix.size());
    const bool of_others =
        std::ranges::any_of(kPrefixesOfOthers, [&](std::string_view beginning) { return name.starts_with(beginning); });
    if (!of_others && std::ranges::find(kOtherVariables, name) == kOtherVariables.end()) {
      unknown.push_back(std::move(name));
    }
  }
  if (unknown.empty()) return {};
  std::vector<std::string> known = OptionVariables();
  std::erase_if(unknown, [&](const std::string& name) { return std::ranges::binary_search(known, name); });
  known.insert(known.end(), kOtherVariables.begin(), kOtherVariables.end());
  std::vector<std::string> warnings;
  for (const std::string& name : unknown) {
    const std::string meant = DidYouMean(name, known, "", kPrefix);
    warnings.push_back(
        fmt::format("the environment variable {}{} has no effect: no command has an option of this name{}", kPrefix,
                    name, meant.empty() ? "" : "; " + meant));
  }
  return warnings;
}

std::vector<std::string> UnknownVariableWarnings() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  return UnknownVariableWarnings(variables);
}

}  // namespace winnow
