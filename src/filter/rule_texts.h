/// The texts of all rules of a file that a program changes (filter/rules_edit.h).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns the text of each rule and composite by its name, as FindRuleText does. Errors: those of ParseRulesFile.
Result<std::map<std::string, std::string>> RuleTexts(std::string_view contents, const std::string& file);

}  // namespace winnow
