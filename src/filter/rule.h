/// What a file of rules says: rules, composites, groups and the scores from which rules alone decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/evidence.h"
#include "filter/message_fields.h"
#include "filter/rule_expression.h"

namespace winnow {

/// A rule: a name for messages in which all of its conditions hold, of which it has at least one.
struct Rule {
  std::string name;
  std::string description;
  double score = 0;                    ///< more than 0: evidence of spam; 0: for composites only
  FieldName field;                     ///< which field the conditions are about
  bool fold = false;                   ///< whether obfuscations of the field are folded first
  std::optional<std::string> pattern;  ///< RE2 syntax; matches anywhere in the field
  std::optional<FieldName> exists;     ///< a field that the message must have
  std::vector<std::string> domains;    ///< lower case; the field, or a line of it, is one of these or below it
  std::optional<uint64_t> min_links, max_links;    ///< number of links in the text
  std::optional<uint64_t> min_length, max_length;  ///< code points of the field
  std::string group;
  std::vector<std::string> tags;
  bool enabled = true;
  size_t line = 0;        ///< where it begins in the file, counted from 1
  std::string file = {};  ///< name of the file
};

/// A composite: a name for messages for which an expression over rules and composites holds.
struct Composite {
  std::string name;
  std::string description;
  double score = 0;
  RuleExpression expression;
  std::vector<std::string> replaces;  ///< rules and composites that have no symbol and no score if this one holds
  std::string group;
  std::vector<std::string> tags;
  bool enabled = true;
  size_t line = 0;
  std::string file = {};
};

/// A group of rules and composites; the sum of their scores is kept between the bounds.
struct RuleGroup {
  std::string name = {};
  std::string description = {};
  std::optional<double> min_score = {}, max_score = {};
  size_t line = 0;
};

/// The scores from which rules alone decide, without a classifier.
struct RuleActions {
  std::optional<double> spam;  ///< at least this score: spam
  std::optional<double> ham;   ///< at most this score: ham
};

struct RulesFile {
  std::vector<Rule> rules;
  std::vector<Composite> composites;
  std::vector<RuleGroup> groups;
  RuleActions actions;
  StatedWeights weights;
};

inline constexpr size_t kMaxRulesFileBytes = size_t{1} << 20;
inline constexpr size_t kMaxRules = 2000;  ///< rules and composites together
inline constexpr double kMaxRuleScore = 1000;

/// Parses the contents of a TOML file of rules; `file` is its name in errors. Patterns and names in expressions are not
/// checked. Errors: kInvalidData, with line and rule, for contents that are not valid TOML, unknown keys, values of the
/// wrong type, names that are not valid, rules without a condition, and whatever exceeds the limits above.
Result<RulesFile> ParseRulesFile(std::string_view contents, const std::string& file);

}  // namespace winnow
