/// Rules that are ready to use: which of them a message hits, with which score, and whether they decide alone.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/message.h"
#include "filter/pattern_index.h"
#include "filter/rule.h"

namespace winnow {

/// A rule or composite that a message hit.
struct Symbol {
  std::string name;
  double score = 0;
  std::string description;
  double log_odds = 0;  ///< how much it adds to the log-odds of the verdict's score; set by SpamFilter
};

/// What rules alone decide about a message.
enum class RuleAction { kNone, kSpam, kHam };

/// Returns "spam", "ham" or "undecided".
std::string_view RuleActionName(RuleAction action);

struct RuleResult {
  std::vector<Symbol> symbols;  ///< in the order of the file, rules first, without those that a composite replaced
  double score = 0;             ///< sum of the symbols' scores after the bounds of groups
  RuleAction action = RuleAction::kNone;
};

/// A hit as `winnow rules explain` shows it.
struct RuleHit {
  const Rule* rule = nullptr;            ///< or
  const Composite* composite = nullptr;  ///< this one
  std::string matched;  ///< the part of the field that the pattern matched first; empty without a pattern
  std::vector<std::string> replaced_by;  ///< composites because of which the hit has no symbol

  const std::string& name() const { return rule != nullptr ? rule->name : composite->name; }
  double score() const { return rule != nullptr ? rule->score : composite->score; }
  const std::string& group() const { return rule != nullptr ? rule->group : composite->group; }
};

/// The bound of a group that changed a sum.
struct GroupBound {
  std::string group;
  double sum = 0;    ///< sum of the scores of the group's symbols
  double bound = 0;  ///< score that counts instead
};

struct RuleExplanation {
  RuleResult result;
  std::vector<RuleHit> hits;
  std::vector<GroupBound> bounds;
};

/// The contents of a file of rules.
struct RulesSource {
  std::string contents;
  std::string file;  ///< its name in errors
};

/// Checked rules with their patterns compiled. Immutable and thread-safe: a server that reloads its rules replaces a
/// shared pointer, and messages in progress keep the rules that they began with.
class RuleSet {
 public:
  using Pointer = std::shared_ptr<const RuleSet>;

  /// Reads a file. Errors: kNotFound, kIo, and those of Parse.
  static Result<Pointer> Load(const std::filesystem::path& path);
  /// Reads Winnow's own rules, share/winnow/rules/messages.toml. Errors: those of Load.
  static Result<Pointer> LoadBuiltIn();
  /// Parses the contents of a file; `file` is its name in errors. Errors: those of ParseRulesFile; kInvalidData, with
  /// the line and the rule, for names that occur twice, patterns that are not valid or too large, unknown names in
  /// expressions and in `replaces`, and composites that contain themselves.
  static Result<Pointer> Parse(std::string_view contents, std::string file);
  /// Parses several files as one set. The first one may have all sections; the others have rules and composites, which
  /// may be in groups of the first one and may name its rules. Errors: those of Parse, with the name of the file that
  /// has the error.
  static Result<Pointer> ParseAll(std::span<const RulesSource> sources);

  /// Returns the symbols of a message. Takes time linear in the size of the message. `holding`, unless null, is set to
  /// whether each rule, and then each composite, holds, replaced ones included. The rules `also` count as holding.
  RuleResult Evaluate(const FilterMessage& message, std::vector<bool>* holding = nullptr,
                      std::span<const std::string> also = {}) const;
  /// Returns the symbols of a message with what led to them.
  RuleExplanation Explain(const FilterMessage& message) const;

  const std::vector<Rule>& rules() const { return file_.rules; }
  const std::vector<Composite>& composites() const { return file_.composites; }
  const std::vector<RuleGroup>& groups() const { return file_.groups; }
  const RuleActions& actions() const { return file_.actions; }
  const StatedWeights& weights() const { return file_.weights; }
  const std::string& name() const { return name_; }      ///< of the first file
  const std::string& digest() const { return digest_; }  ///< SHA-256 of the contents of the file, or of all files

 private:
  /// A field that rules look at, and the patterns of these rules.
  struct Slot {
    FieldName field;
    bool fold = false;
    bool counted = false;  ///< whether a rule asks for its length
    PatternIndex patterns;
  };
  struct Values;

  RuleSet() = default;
  Result<void> Index();
  Result<void> Take(const RulesSource& source);
  Result<void> IndexNames();
  Result<void> IndexRules();
  Result<void> IndexComposites();
  Result<std::vector<size_t>> OrderOfComposites() const;
  Error UnknownName(const Composite& composite, std::string_view key, const std::string& name) const;
  size_t SlotOf(const FieldName& field, bool fold);
  Values Read(const FilterMessage& message) const;
  bool ConditionsHold(size_t rule, const Values& values) const;
  std::vector<bool> Holding(const Values& values, std::span<const std::string> also = {}) const;
  std::vector<bool> Replaced(const std::vector<bool>& holding) const;
  RuleResult Score(const std::vector<bool>& holding, std::vector<GroupBound>* bounds) const;

  RulesFile file_;
  std::string name_, digest_;
  std::map<std::string, size_t, std::less<>> ids_;  ///< by name: rules, then composites
  std::vector<Slot> slots_;
  std::vector<size_t> rule_slot_;                   ///< by rule
  std::vector<std::optional<size_t>> exists_slot_;  ///< by rule
  bool counts_links_ = false;
  std::vector<std::vector<size_t>> names_of_;     ///< by composite: the ids of its expression's names
  std::vector<std::vector<size_t>> replaces_of_;  ///< by composite
  std::vector<size_t> order_;                     ///< composites, each after those that it contains
  std::vector<size_t> group_of_;                  ///< by id: an index into groups, or their number
};

}  // namespace winnow
