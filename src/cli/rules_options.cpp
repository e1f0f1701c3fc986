#include "cli/rules_options.h"

#include <fmt/format.h>

namespace winnow {

Result<RulesArguments> ReadRulesArgument(const std::vector<std::string>& arguments) {
  if (arguments.empty() || !arguments[0].ends_with(".toml"))
    return RulesArguments{TRY(RuleSet::LoadBuiltIn()), arguments};
  return RulesArguments{TRY(RuleSet::Load(arguments[0])), {arguments.begin() + 1, arguments.end()}};
}

std::string SignedScore(double score) { return score == 0 ? "0" : fmt::format("{:+g}", score); }

}  // namespace winnow
