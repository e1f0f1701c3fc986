/// Rules that are valid and yet probably not what their author meant.
#pragma once

#include <string>
#include <vector>

#include "filter/rule_set.h"

namespace winnow {

/// Returns one sentence per finding, each with line and name: rules and composites that never match or always match,
/// patterns that match the empty text, rules with the conditions of an earlier one, rules without an effect, groups
/// without rules, and thresholds that no message can reach.
std::vector<std::string> RuleWarnings(const RuleSet& rules);

}  // namespace winnow
