/// The arguments of the commands of the family "rules".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "filter/rule_set.h"

namespace winnow {

/// A set of rules, and the arguments after the name of its file.
struct RulesArguments {
  RuleSet::Pointer rules;
  std::vector<std::string> rest;
};

/// Reads the rules of the first argument if its name ends in ".toml", otherwise the built-in rules. Errors: those of
/// RuleSet::Load.
Result<RulesArguments> ReadRulesArgument(const std::vector<std::string>& arguments);

/// Returns a number with a sign: "+2.5", "-1", "0".
std::string SignedScore(double score);

}  // namespace winnow
