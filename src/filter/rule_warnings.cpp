#include "filter/rule_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "filter/pattern_facts.h"
#include "filter/pattern_index.h"

namespace winnow {
namespace {

constexpr size_t kMaxTableNames = 12;  // 4096 rows of a truth table

class Warnings {
 public:
  explicit Warnings(const RuleSet& rules) : rules_(rules) {
    for (const Composite& composite : rules.composites()) {
      used_.insert(composite.expression.names().begin(), composite.expression.names().end());
    }
    for (const Rule& rule : rules.rules()) NoteEnabled(rule);
    for (const Composite& composite : rules.composites()) NoteEnabled(composite);
  }

  std::vector<std::string> Run() {
    for (const Rule& rule : rules_.rules()) {
      if (!rule.enabled) continue;
      CheckBounds(rule);
      CheckPattern(rule);
      CheckDuplicate(rule);
      CheckEffect("rule", rule);
    }
    for (const Composite& composite : rules_.composites()) {
      if (!composite.enabled) continue;
      CheckExpression(composite);
      CheckEffect("composite", composite);
    }
    CheckGroups();
    CheckActions();
    return std::move(found_);
  }

 private:
  template <typename T>
  void NoteEnabled(const T& entry) {
    groups_.insert(entry.group);
    if (!entry.enabled) {
      disabled_.insert(entry.name);
      return;
    }
    (entry.score > 0 ? most_ : least_) += entry.score;
  }

  void Warn(size_t line, std::string_view kind, std::string_view name, std::string_view what) {
    found_.push_back(fmt::format("line {}: {} {} {}", line, kind, name, what));
  }

  void CheckBounds(const Rule& rule) {
    if (rule.min_length && rule.max_length && *rule.min_length > *rule.max_length) {
      Warn(rule.line, "rule", rule.name, "never matches: min_length is more than max_length");
    }
    if (rule.min_links && rule.max_links && *rule.min_links > *rule.max_links) {
      Warn(rule.line, "rule", rule.name, "never matches: min_links is more than max_links");
    }
  }

  void CheckPattern(const Rule& rule) {
    if (!rule.pattern) return;
    const PatternFacts facts = FactsOf(*rule.pattern);
    if (facts.inner_end) {
      Warn(rule.line, "rule", rule.name,
           R"(probably never matches: '$' is the end of the text; a dollar sign is '\$')");
    }
    if (facts.inner_begin) {
      Warn(rule.line, "rule", rule.name,
           R"(probably never matches: '^' is the beginning of the text; the character is '\^')");
    }
    if (PatternMatches(*rule.pattern, "")) {
      Warn(rule.line, "rule", rule.name,
           PatternMatches(*rule.pattern, "x") ? "matches every text: its pattern matches the empty text"
                                              : "has a pattern that matches the empty text");
    }
    const bool lower =
        rule.field.kind == FieldName::Kind::kSenderDomain || rule.field.kind == FieldName::Kind::kLinkHosts;
    if (lower && facts.capital) {
      Warn(rule.line, "rule", rule.name,
           fmt::format("probably never matches: its pattern has a capital letter, and the field {} is in lower case",
                       rule.field.Text()));
    }
  }

  void CheckDuplicate(const Rule& rule) {
    const auto key = std::tuple(rule.field.Text(), rule.fold, rule.pattern, rule.exists ? rule.exists->Text() : "",
                                rule.domains, rule.min_links, rule.max_links, rule.min_length, rule.max_length);
    const auto [first, added] = conditions_.emplace(key, &rule);
    if (added) return;
    Warn(rule.line, "rule", rule.name,
         fmt::format("has the conditions of rule {} in line {}: one of them is superfluous", first->second->name,
                     first->second->line));
  }

  template <typename T>
  void CheckEffect(std::string_view kind, const T& entry) {
    if (entry.score == 0 && !used_.contains(entry.name) && entry.tags.empty()) {
      const bool replaces = [&] {
        if constexpr (requires { entry.replaces; }) return !entry.replaces.empty();
        return false;
      }();
      if (!replaces) Warn(entry.line, kind, entry.name, "has no effect: its score is 0 and no expression names it");
    }
  }

  void CheckExpression(const Composite& composite) {
    const std::vector<std::string>& names = composite.expression.names();
    for (const std::string& name : names) {
      if (disabled_.contains(name)) {
        Warn(composite.line, "composite", composite.name, fmt::format("names {}, which is not enabled", name));
      }
    }
    if (names.size() > kMaxTableNames) return;
    const size_t rows = size_t{1} << names.size();
    size_t holding = 0, possible = 0;
    for (size_t row = 0; row < rows; ++row) {
      bool valid = true;
      for (size_t i = 0; i < names.size(); ++i) valid = valid && !((row >> i & 1) != 0 && disabled_.contains(names[i]));
      if (!valid) continue;
      ++possible;
      if (composite.expression.Value([&](size_t i) { return (row >> i & 1) != 0; })) ++holding;
    }
    if (holding == 0) Warn(composite.line, "composite", composite.name, "never holds, whatever rules match");
    if (holding == possible) Warn(composite.line, "composite", composite.name, "always holds, whatever rules match");
  }

  void CheckGroups() {
    for (const RuleGroup& group : rules_.groups()) {
      if (!groups_.contains(group.name)) Warn(group.line, "group", group.name, "has no rules");
    }
  }

  void CheckActions() {
    const RuleActions& actions = rules_.actions();
    if (actions.spam && *actions.spam > most_) {
      found_.push_back(fmt::format("actions: no message reaches spam = {:g}: all scores above 0 add up to {:g}",
                                   *actions.spam, most_));
    }
    if (actions.ham && *actions.ham < least_) {
      found_.push_back(fmt::format("actions: no message reaches ham = {:g}: all scores below 0 add up to {:g}",
                                   *actions.ham, least_));
    }
    if (actions.spam && *actions.spam <= 0) found_.push_back("actions: a message without any symbol is spam");
    if (actions.ham && *actions.ham >= 0) found_.push_back("actions: a message without any symbol is ham");
  }

  using Conditions =
      std::tuple<std::string, bool, std::optional<std::string>, std::string, std::vector<std::string>,
                 std::optional<uint64_t>, std::optional<uint64_t>, std::optional<uint64_t>, std::optional<uint64_t>>;

  const RuleSet& rules_;
  std::vector<std::string> found_;
  std::set<std::string> used_, disabled_, groups_;
  double most_ = 0, least_ = 0;
  std::map<Conditions, const Rule*> conditions_;
};

}  // namespace

std::vector<std::string> RuleWarnings(const RuleSet& rules) { return Warnings(rules).Run(); }

}  // namespace winnow
