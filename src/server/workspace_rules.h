/// The rules of a server: those of its own file, and those that administrators have written by the API, which are in a
/// file of the workspace, WORKSPACE/rules/page.toml.
///
/// Every change replaces the file as a whole; the former version is kept beside it, in WORKSPACE/rules/versions, until
/// it is undone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "filter/rule_set.h"
#include "filter/rules_edit.h"

namespace winnow {

/// What is wrong with a rule that somebody has written.
struct RuleProblem {
  std::optional<size_t> line = {};  ///< line of the rule's text, counted from 1
  std::string message = {};
};

/// Thread-safe.
class WorkspaceRules {
 public:
  /// `own` is the server's own file of rules; empty: the built-in rules; "none": no rules. `page` is the file that the
  /// API changes; empty: none, and all functions that change it fail with kUnsupported.
  WorkspaceRules(std::filesystem::path own, std::filesystem::path page);

  /// Reads the files. If that of the workspace has an error, the rules are those of the server's own file alone, and
  /// problem() says why. Null if there are no rules at all. Errors: those of RuleSet::Load for the server's own file;
  /// kIo if the file of the workspace could be read before and cannot be read now, for instance because file
  /// descriptors ran out.
  Result<RuleSet::Pointer> Load();

  bool editable() const { return !page_.empty(); }
  /// Returns what is wrong with the file of the workspace, as found by the last Load or change; empty: nothing.
  std::string problem() const;
  /// Returns the names of the files that there are.
  std::vector<std::string> files() const;
  /// Returns the name that the file of the workspace has in Rule::file.
  std::string page_name() const { return page_.string(); }
  /// Returns the text of a rule of the workspace; empty if it has no such rule.
  Result<std::string> TextOf(std::string_view name) const;

  /// Returns the rules as they would be with this rule in place of the one of its name in the workspace. Errors:
  /// kInvalidData, whose message begins with "rule, line N" if it is about the text (RuleProblemOf).
  Result<RuleSet::Pointer> With(const RuleText& rule) const;

  /// Make a change durable and return the rules as they are then. Errors: those of
  /// With; kNotFound for a rule that the workspace does not have; kIo.
  Result<RuleSet::Pointer> Put(const RuleText& rule);
  Result<RuleSet::Pointer> Remove(std::string_view name);
  /// Brings back the version before the last change that was not undone. Errors: kNotFound if there is none.
  Result<RuleSet::Pointer> Undo();

 private:
  Result<RulesSource> Own() const;
  Result<std::string> Page() const;
  Result<RuleSet::Pointer> Parse(const std::string& page) const;
  Result<void> Replace(const std::string& former, const std::string& changed) REQUIRES(mutex_);
  std::vector<std::filesystem::path> Versions() const;
  Result<void> CheckEditable() const;

  const std::filesystem::path own_, page_;
  mutable Mutex mutex_;
  std::string problem_ GUARDED_BY(mutex_);
  bool was_read_ GUARDED_BY(mutex_) = false;
};

/// Returns the line and the message of an error about a rule's text.
RuleProblem RuleProblemOf(const Error& error);

}  // namespace winnow
