/// Single rules in the text of a file of rules that a program changes: a file of [[rule]] and [[composite]] alone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// The text of one rule or composite, with its name.
struct RuleText {
  std::string name;
  std::string text;  ///< begins with [[rule]] or [[composite]], ends with a line end
};

/// The name that a rule's own text has as a file in errors: "rule, line 3: ...".
inline constexpr std::string_view kRuleTextFile = "rule";

/// Reads a text that must contain exactly one rule or composite. Comments above it are moved below its first line.
/// Errors: those of ParseRulesFile; kInvalidData for more or less than one rule, and for other sections.
Result<RuleText> ReadRuleText(std::string_view text);

/// Returns the text of the rule or composite of that name in the file, without comments above it; empty if it has none.
/// Errors: those of ParseRulesFile.
Result<std::string> FindRuleText(std::string_view contents, const std::string& file, std::string_view name);

/// Returns the contents with this rule in place of the one of its name, or at the end. Errors: those of ParseRulesFile.
Result<std::string> WithRule(std::string_view contents, const std::string& file, const RuleText& rule);

/// Returns the contents without the rule of that name. Errors: kNotFound; those of ParseRulesFile.
Result<std::string> WithoutRule(std::string_view contents, const std::string& file, std::string_view name);

}  // namespace winnow
