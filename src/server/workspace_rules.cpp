#include "server/workspace_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/files.h"
#include "filter/rules_weights.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostVersions = 100;
constexpr std::string_view kHeader = "# Rules that were written by the API of the server, which replaces this file.\n";

fs::path VersionsOf(const fs::path& page) { return page.parent_path() / "versions"; }

}  // namespace

WorkspaceRules::WorkspaceRules(fs::path own, fs::path page) : own_(std::move(own)), page_(std::move(page)) {}

Result<RulesSource> WorkspaceRules::Own() const {
  if (!own_.empty()) return RulesSource{TRY(ContentsOfRules(own_)), own_.string()};
  return RulesSource{TRY(ContentsOfRules(own_)), "messages.toml"};
}

Result<std::string> WorkspaceRules::Page() const {
  std::error_code error;
  if (page_.empty() || !fs::exists(page_, error)) return std::string();
  return ReadFile(page_);
}

Result<RuleSet::Pointer> WorkspaceRules::Parse(const std::string& page) const {
  const bool without_own = own_ == "none";
  if (without_own && page.empty()) return RuleSet::Pointer();
  std::vector<RulesSource> sources = {TRY(Own())};
  if (!page.empty()) sources.push_back({page, page_name()});
  return RuleSet::ParseAll(sources);
}

Result<RuleSet::Pointer> WorkspaceRules::Load() {
  const MutexLock lock(mutex_);
  const Result<std::string> page = Page();
  if (!page && was_read_) return std::unexpected(page.error());
  was_read_ = page.has_value();
  problem_.clear();
  Result<RuleSet::Pointer> rules = page ? Parse(*page) : std::unexpected(page.error());
  if (rules) return rules;
  Result<RuleSet::Pointer> own = Parse("");
  if (own && !page_.empty()) problem_ = rules.error().Text();
  return own;
}

std::string WorkspaceRules::problem() const {
  const MutexLock lock(mutex_);
  return problem_;
}

std::vector<std::string> WorkspaceRules::files() const {
  std::vector<std::string> files;
  if (own_ != "none") files.push_back(own_.empty() ? "messages.toml" : own_.string());
  std::error_code error;
  if (!page_.empty() && fs::exists(page_, error)) files.push_back(page_name());
  return files;
}

Result<std::string> WorkspaceRules::TextOf(std::string_view name) const {
  const MutexLock lock(mutex_);
  return FindRuleText(TRY(Page()), page_name(), name);
}

Result<RuleSet::Pointer> WorkspaceRules::With(const RuleText& rule) const {
  std::vector<RulesSource> sources = {TRY(Own())};
  {
    const MutexLock lock(mutex_);
    std::string page = TRY(Page());
    if (!page.empty() && !TRY(FindRuleText(page, page_name(), rule.name)).empty())
      page = TRY(WithoutRule(page, page_name(), rule.name));
    if (!page.empty()) sources.push_back({std::move(page), page_name()});
  }
  sources.push_back({rule.text, std::string(kRuleTextFile)});
  return RuleSet::ParseAll(sources);
}

Result<void> WorkspaceRules::CheckEditable() const {
  if (editable()) return {};
  return Fail(ErrorCode::kUnsupported, "the rules of this server cannot be changed: it has no workspace",
              "start it with --workspace DIRECTORY");
}

std::vector<fs::path> WorkspaceRules::Versions() const {
  std::vector<fs::path> versions;
  std::error_code error;
  for (fs::directory_iterator at(VersionsOf(page_), error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".toml") versions.push_back(at->path());
  }
  std::ranges::sort(versions);
  return versions;
}

Result<void> WorkspaceRules::Replace(const std::string& former, const std::string& changed) {
  std::error_code error;
  fs::create_directories(VersionsOf(page_), error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{} cannot be created: {}", VersionsOf(page_).string(), error.message()));
  }
  std::vector<fs::path> versions = Versions();
  size_t number = 0;
  if (!versions.empty()) {
    const std::string last = versions.back().stem().string();
    std::from_chars(last.data(), last.data() + last.size(), number);
  }
  TRY(WriteFileAtomically(VersionsOf(page_) / fmt::format("{:08}.toml", number + 1), former));
  TRY(WriteFileAtomically(page_, changed));
  for (size_t i = 0; i + kMostVersions <= versions.size(); ++i) fs::remove(versions[i], error);
  problem_.clear();
  return {};
}

Result<RuleSet::Pointer> WorkspaceRules::Put(const RuleText& rule) {
  TRY(CheckEditable());
  TRY(With(rule));  // whose errors name lines of the rule
  const MutexLock lock(mutex_);
  const std::string former = TRY(Page());
  const std::string changed = TRY(WithRule(former.empty() ? std::string(kHeader) : former, page_name(), rule));
  RuleSet::Pointer rules = TRY(Parse(changed));
  TRY(Replace(former, changed));
  return rules;
}

Result<RuleSet::Pointer> WorkspaceRules::Remove(std::string_view name) {
  TRY(CheckEditable());
  const MutexLock lock(mutex_);
  const std::string former = TRY(Page());
  const std::string changed = TRY(WithoutRule(former, page_name(), name));
  RuleSet::Pointer rules = TRY(Parse(changed));
  TRY(Replace(former, changed));
  return rules;
}

Result<RuleSet::Pointer> WorkspaceRules::Undo() {
  TRY(CheckEditable());
  const MutexLock lock(mutex_);
  const std::vector<fs::path> versions = Versions();
  if (versions.empty()) return Fail(ErrorCode::kNotFound, "there is no change of the rules to undo");
  const std::string former = TRY(ReadFile(versions.back()));
  RuleSet::Pointer rules = TRY(Parse(former));
  TRY(WriteFileAtomically(page_, former));
  std::error_code error;
  fs::remove(versions.back(), error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{} cannot be removed: {}", versions.back().string(), error.message()));
  }
  problem_.clear();
  return rules;
}

RuleProblem RuleProblemOf(const Error& error) {
  RuleProblem problem{.line = {}, .message = error.message};
  const std::string prefix = fmt::format("{}, line ", kRuleTextFile);
  if (problem.message.starts_with(prefix)) {
    size_t line = 0;
    const char* const end = problem.message.data() + problem.message.size();
    const auto [rest, failed] = std::from_chars(problem.message.data() + prefix.size(), end, line);
    if (failed == std::errc()) {
      problem.line = line;
      std::string_view message(rest, end);
      if (message.starts_with(": ")) message.remove_prefix(2);
      if (message.starts_with(", ")) message.remove_prefix(2);
      problem.message = message;
    }
  }
  if (!error.hint.empty()) problem.message += "; " + error.hint;
  return problem;
}

}  // namespace winnow
