#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/suggest.h"
#include "base/toml_depth.h"
#include "filter/domain_name.h"
#include "filter/rule.h"
#include "filter/toml_table.h"

namespace winnow {
namespace {

std::string NameIn(const toml::table& table) {
  const toml::node* node = table.get("name");
  return node != nullptr && node->is_string() ? node->as_string()->get() : std::string();
}

/// Returns "rule PRIZE", or "rule" for one without a usable name.
std::string Owner(std::string_view kind, const std::string& name) {
  return IsRuleName(name) ? fmt::format("{} {}", kind, name) : std::string(kind);
}

Result<void> CheckName(const TomlTable& reader, const std::string& name, size_t line) {
  if (IsRuleName(name)) return {};
  constexpr std::string_view kAdvice =
      "a name has 1 to 64 letters, digits and underscores, such as GIFT_CARD, and is not 'and', 'or' or 'not'";
  if (name.empty()) return reader.Refuse(line, "the key 'name' is missing", std::string(kAdvice));
  return reader.Refuse(line, fmt::format("'{}' is not a valid name", name), std::string(kAdvice));
}

Result<FieldName> ReadFieldName(const TomlTable& reader, std::string_view key, const std::string& text, size_t line) {
  if (std::optional<FieldName> field = FieldName::Parse(text)) return *std::move(field);
  const std::vector<std::string> known = FieldName::All();
  return reader.Refuse(line, fmt::format("{}: unknown field '{}'", key, text),
                       DidYouMean(text, known, fmt::format("the fields are: {}", fmt::join(known, ", "))));
}

/// Binds the keys that rules and composites share.
template <typename T>
void BindCommon(TomlTable& reader, T& to) {
  reader.Bind("name", &to.name);
  reader.Bind("description", &to.description);
  reader.Bind("score", &to.score, -kMaxRuleScore, kMaxRuleScore);
  reader.Bind("group", &to.group);
  reader.Bind("tags", &to.tags);
  reader.Bind("enabled", &to.enabled);
}

Result<Rule> ReadRule(const toml::table& table, const std::string& file) {
  Rule rule;
  rule.line = LineOf(table);
  rule.file = file;
  TomlTable reader(file, Owner("rule", NameIn(table)));
  std::string field = "text";
  std::optional<std::string> exists;
  BindCommon(reader, rule);
  reader.Bind("field", &field);
  reader.Bind("fold", &rule.fold);
  reader.Bind("pattern", &rule.pattern);
  reader.Bind("exists", &exists);
  reader.Bind("domains", &rule.domains);
  reader.Bind("min_links", &rule.min_links);
  reader.Bind("max_links", &rule.max_links);
  reader.Bind("min_length", &rule.min_length);
  reader.Bind("max_length", &rule.max_length);
  TRY(reader.Read(table));
  TRY(CheckName(reader, rule.name, rule.line));
  rule.field = TRY(ReadFieldName(reader, "field", field, rule.line));
  if (exists) rule.exists = TRY(ReadFieldName(reader, "exists", *exists, rule.line));
  if (!rule.domains.empty()) {
    // "domains" without "field" is about the sender.
    if (table.get("field") == nullptr) rule.field = FieldName{FieldName::Kind::kSenderDomain};
    for (std::string& domain : rule.domains) {
      domain = NormalDomain(HostOfLink(domain));
      if (domain.empty() || domain.find('.') == std::string::npos) {
        return reader.Refuse(rule.line, fmt::format("domains: '{}' is not a domain", domain),
                             "write domains such as \"example.com\", which includes mail.example.com");
      }
    }
    if (rule.pattern && table.get("field") == nullptr) {
      return reader.Refuse(rule.line, "'domains' and 'pattern' without 'field'",
                           "state the field, or make two rules and a composite of them");
    }
  }
  if (!rule.pattern && !rule.exists && rule.domains.empty() && !rule.min_links && !rule.max_links && !rule.min_length &&
      !rule.max_length) {
    return reader.Refuse(rule.line, "the rule has no condition",
                         "add a pattern, or one of exists, domains, min_links, max_links, min_length, max_length");
  }
  return rule;
}

Result<Composite> ReadComposite(const toml::table& table, const std::string& file) {
  Composite composite;
  composite.line = LineOf(table);
  composite.file = file;
  TomlTable reader(file, Owner("composite", NameIn(table)));
  std::optional<std::string> expression;
  BindCommon(reader, composite);
  reader.Bind("expression", &expression);
  reader.Bind("replaces", &composite.replaces);
  TRY(reader.Read(table));
  TRY(CheckName(reader, composite.name, composite.line));
  if (!expression) {
    return reader.Refuse(composite.line, "the key 'expression' is missing", "such as expression = \"PRIZE & LINK\"");
  }
  Result<RuleExpression> parsed = RuleExpression::Parse(*expression);
  if (!parsed) return reader.Refuse(LineOf(*table.get("expression")), parsed.error().message, parsed.error().hint);
  composite.expression = *std::move(parsed);
  return composite;
}

Result<RuleGroup> ReadGroup(const toml::table& table, std::string name, const std::string& file) {
  RuleGroup group{.name = std::move(name), .line = LineOf(table)};
  TomlTable reader(file, "group " + group.name);
  reader.Bind("description", &group.description);
  reader.Bind("min_score", &group.min_score, -kMaxRuleScore, 0);
  reader.Bind("max_score", &group.max_score, 0, kMaxRuleScore);
  TRY(reader.Read(table));
  return group;
}

Result<RuleActions> ReadActions(const toml::table& table, const std::string& file) {
  RuleActions actions;
  TomlTable reader(file, "actions");
  reader.Bind("spam", &actions.spam, -kMaxRuleScore, kMaxRuleScore);
  reader.Bind("ham", &actions.ham, -kMaxRuleScore, kMaxRuleScore);
  TRY(reader.Read(table));
  if (actions.spam && actions.ham && *actions.spam <= *actions.ham) {
    return reader.Refuse(LineOf(table),
                         fmt::format("spam = {:g} is not more than ham = {:g}", *actions.spam, *actions.ham),
                         "scores from 'spam' on decide spam, scores down to 'ham' decide ham");
  }
  return actions;
}

Result<StatedWeights> ReadWeights(const toml::table& table, const std::string& file) {
  constexpr double kMost = 100;
  StatedWeights weights;
  TomlTable reader(file, "weights");
  reader.Bind("classifier", &weights.classifier, 0, kMost);
  reader.Bind("rules", &weights.rules, 0, kMost);
  reader.Bind("reputation", &weights.reputation, 0, kMost);
  reader.Bind("intercept", &weights.intercept, -kMost, kMost);
  TRY(reader.Read(table));
  return weights;
}

std::unexpected<Error> At(const std::string& file, size_t line, const std::string& message, std::string hint) {
  return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: {}", file, line, message), std::move(hint));
}

/// Reads the tables of "[[rule]]" or "[[composite]]" with `read` into `into`.
template <typename T, typename Read>
Result<void> ReadTables(const toml::node& node, const std::string& key, const std::string& file, const Read& read,
                        std::vector<T>& into) {
  const toml::array* array = node.as_array();
  const bool tables = array != nullptr && std::ranges::all_of(*array, [](const toml::node& n) { return n.is_table(); });
  if (!tables) {
    return At(file, LineOf(node), fmt::format("'{}' is not a list of tables", key),
              fmt::format("begin each {} with a line [[{}]]", key, key));
  }
  for (const toml::node& element : *array) into.push_back(TRY(read(*element.as_table(), file)));
  return {};
}

Result<void> ReadTopLevel(const toml::table& table, const std::string& file, RulesFile& rules) {
  for (const auto& [key, node] : table) {
    const size_t line = key.source().begin.line;
    const std::string name(key.str());
    if (name == "rule") {
      TRY(ReadTables(node, name, file, ReadRule, rules.rules));
    } else if (name == "composite") {
      TRY(ReadTables(node, name, file, ReadComposite, rules.composites));
    } else if (name != "group" && name != "actions" && name != "weights") {
      const std::vector<std::string> known = {"rule", "composite", "group", "actions", "weights"};
      return At(file, line, fmt::format("unknown key '{}'", name),
                DidYouMean(name, known, "a file has [[rule]], [[composite]], [group.NAME], [actions] and [weights]"));
    } else if (!node.is_table()) {
      return At(file, line, fmt::format("'{}' is not a table", name),
                name == "group"     ? "write [group.NAME] and below it max_score = 6"
                : name == "actions" ? "write [actions] and below it spam = 6"
                                    : "write [weights] and below it rules = 0.5");
    } else if (name == "actions") {
      rules.actions = TRY(ReadActions(*node.as_table(), file));
    } else if (name == "weights") {
      rules.weights = TRY(ReadWeights(*node.as_table(), file));
    } else {
      for (const auto& [group, inner] : *node.as_table()) {
        if (!inner.is_table()) {
          return At(file, group.source().begin.line, fmt::format("'group.{}' is not a table", group.str()),
                    "write [group.NAME] and below it max_score = 6");
        }
        rules.groups.push_back(TRY(ReadGroup(*inner.as_table(), std::string(group.str()), file)));
      }
    }
  }
  return {};
}

}  // namespace

Result<RulesFile> ParseRulesFile(std::string_view contents, const std::string& file) {
  if (contents.size() > kMaxRulesFileBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: the file has {} bytes; the maximum is {}", file, contents.size(), kMaxRulesFileBytes),
                "leave out rules, or write lists of words as one pattern");
  }
  if (const std::optional<size_t> line = LineOfLongTomlKey(contents, kMaxTomlKeyParts)) {
    return At(file, *line, fmt::format("a key has more than {} parts", kMaxTomlKeyParts),
              "the only keys with a dot are [group.NAME]");
  }
  RulesFile rules;
  try {
    TRY(ReadTopLevel(toml::parse(contents, file), file, rules));
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}, line {}, column {}: {}", file, error.source().begin.line, error.source().begin.column,
                            error.description()),
                "correct the line; the file is in TOML (https://toml.io)");
  }
  if (const size_t count = rules.rules.size() + rules.composites.size(); count > kMaxRules) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: {} rules and composites; the maximum is {}", file, count, kMaxRules),
                "leave out rules, or write several patterns as one");
  }
  return rules;
}

}  // namespace winnow
