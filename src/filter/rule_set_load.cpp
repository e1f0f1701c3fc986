// From the contents of a file to checked rules: names, fields, patterns, and the order of composites.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/files.h"
#include "base/hash.h"
#include "base/shared_files.h"
#include "base/suggest.h"
#include "filter/rule_set.h"

namespace winnow {
namespace {

std::string_view KindOf(const Rule&) { return "rule"; }
std::string_view KindOf(const Composite&) { return "composite"; }

template <typename T>
std::unexpected<Error> Refuse(const T& entry, const std::string& message, std::string hint = {}) {
  return Fail(ErrorCode::kInvalidData,
              fmt::format("{}, line {}: {} {}: {}", entry.file, entry.line, KindOf(entry), entry.name, message),
              std::move(hint));
}

}  // namespace

Result<RuleSet::Pointer> RuleSet::Load(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size > kMaxRulesFileBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: the file has {} bytes; the maximum is {}", path.string(), size, kMaxRulesFileBytes),
                "leave out rules, or write lists of words as one pattern");
  }
  return Parse(TRY(ReadFile(path)), path.string());
}

Result<RuleSet::Pointer> RuleSet::LoadBuiltIn() {
  const std::optional<SharedFile> file = TRY(ReadSharedFile("rules", "messages.toml"));
  if (!file) return Fail(ErrorCode::kInternal, "internal error: the built-in rules are missing");
  return Parse(file->contents, file->name);
}

Result<RuleSet::Pointer> RuleSet::Parse(std::string_view contents, std::string file) {
  const RulesSource source{std::string(contents), std::move(file)};
  return ParseAll(std::span(&source, 1));
}

Result<RuleSet::Pointer> RuleSet::ParseAll(std::span<const RulesSource> sources) {
  const std::shared_ptr<RuleSet> rules(new RuleSet());
  std::string contents;
  for (const RulesSource& source : sources) {
    TRY(rules->Take(source));
    contents += source.contents;
  }
  if (const size_t count = rules->rules().size() + rules->composites().size(); count > kMaxRules) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the files have {} rules and composites together; the maximum is {}", count, kMaxRules),
                "leave out rules, or write several patterns as one");
  }
  rules->digest_ = Sha256(contents);
  TRY(rules->Index());
  return rules;
}

/// Adds the rules of a file to those of the files before.
Result<void> RuleSet::Take(const RulesSource& source) {
  RulesFile file = TRY(ParseRulesFile(source.contents, source.file));
  if (name_.empty()) {
    name_ = source.file;
    file_ = std::move(file);
    return {};
  }
  const StatedWeights& weights = file.weights;
  if (!file.groups.empty() || file.actions.spam || file.actions.ham || weights.classifier || weights.rules ||
      weights.reputation || weights.intercept) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: only [[rule]] and [[composite]] are allowed in this file", source.file),
                "the sections [group], [actions] and [weights] belong into the server's own file of rules");
  }
  std::ranges::move(file.rules, std::back_inserter(file_.rules));
  std::ranges::move(file.composites, std::back_inserter(file_.composites));
  return {};
}

Result<void> RuleSet::Index() {
  TRY(IndexNames());
  TRY(IndexRules());
  return IndexComposites();
}

Result<void> RuleSet::IndexNames() {
  const auto add = [&](const auto& entry) -> Result<void> {
    const size_t id = ids_.size();
    if (const auto [known, added] = ids_.emplace(entry.name, id); !added) {
      const size_t first = known->second, count = rules().size();
      const std::string& file = first < count ? rules()[first].file : composites()[first - count].file;
      const size_t line = first < count ? rules()[first].line : composites()[first - count].line;
      return Refuse(entry,
                    fmt::format("the name is already used in {}line {}", file == entry.file ? "" : file + ", ", line),
                    "give each rule and composite a name of its own");
    }
    const auto group = std::ranges::find(groups(), entry.group, &RuleGroup::name);
    group_of_.push_back(static_cast<size_t>(group - groups().begin()));
    return {};
  };
  for (const Rule& rule : rules()) TRY(add(rule));
  for (const Composite& composite : composites()) TRY(add(composite));
  return {};
}

size_t RuleSet::SlotOf(const FieldName& field, bool fold) {
  const auto found = std::ranges::find_if(slots_, [&](const Slot& s) { return s.field == field && s.fold == fold; });
  if (found != slots_.end()) return static_cast<size_t>(found - slots_.begin());
  slots_.emplace_back().field = field;
  slots_.back().fold = fold;
  return slots_.size() - 1;
}

Result<void> RuleSet::IndexRules() {
  for (size_t i = 0; i < rules().size(); ++i) {
    const Rule& rule = rules()[i];
    rule_slot_.push_back(SlotOf(rule.field, rule.fold));
    exists_slot_.push_back(rule.exists ? std::optional(SlotOf(*rule.exists, false)) : std::nullopt);
    counts_links_ = counts_links_ || rule.min_links || rule.max_links;
    Slot& slot = slots_[rule_slot_.back()];
    slot.counted = slot.counted || rule.min_length || rule.max_length;
    if (!rule.pattern) continue;
    // Patterns of rules that are not enabled are checked, too, but cost nothing afterwards.
    PatternIndex unused;
    if (const Result<void> added = (rule.enabled ? slot.patterns : unused).Add(*rule.pattern, i); !added) {
      return Refuse(rule, added.error().message, added.error().hint);
    }
  }
  for (Slot& slot : slots_) {
    if (const Result<void> compiled = slot.patterns.Compile(); !compiled) {
      return Fail(compiled.error().code, name_ + ": " + compiled.error().message, compiled.error().hint);
    }
  }
  return {};
}

Error RuleSet::UnknownName(const Composite& composite, std::string_view key, const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& [other, unused] : ids_) known.push_back(other);
  return Refuse(composite, fmt::format("{}: there is no rule or composite named '{}'", key, name),
                DidYouMean(name, known, "names are those of [[rule]] and [[composite]] in the same file"))
      .error();
}

Result<void> RuleSet::IndexComposites() {
  for (const Composite& composite : composites()) {
    std::vector<size_t>& names = names_of_.emplace_back();
    for (const std::string& name : composite.expression.names()) {
      const auto id = ids_.find(name);
      if (id == ids_.end()) return std::unexpected(UnknownName(composite, "expression", name));
      names.push_back(id->second);
    }
    std::vector<size_t>& replaces = replaces_of_.emplace_back();
    for (const std::string& name : composite.replaces) {
      const auto id = ids_.find(name);
      if (id == ids_.end()) return std::unexpected(UnknownName(composite, "replaces", name));
      if (name == composite.name) {
        return Refuse(composite, "replaces: a composite cannot replace itself");
      }
      replaces.push_back(id->second);
    }
  }
  order_ = TRY(OrderOfComposites());
  return {};
}

// Kahn's algorithm: composites whose composites are all placed come next. What is never placed contains itself.
Result<std::vector<size_t>> RuleSet::OrderOfComposites() const {
  std::vector<std::vector<size_t>> containers(composites().size());
  std::vector<size_t> missing(composites().size()), order;
  for (size_t i = 0; i < composites().size(); ++i) {
    for (const size_t id : names_of_[i]) {
      if (id < rules().size()) continue;
      containers[id - rules().size()].push_back(i);
      ++missing[i];
    }
    if (missing[i] == 0) order.push_back(i);
  }
  for (size_t next = 0; next < order.size(); ++next) {
    for (const size_t container : containers[order[next]]) {
      if (--missing[container] == 0) order.push_back(container);
    }
  }
  if (order.size() == composites().size()) return order;
  // Follows composites that were not placed until one comes again: from there on it is a cycle.
  const auto is_open = [&](size_t id) { return id >= rules().size() && missing[id - rules().size()] > 0; };
  size_t at = static_cast<size_t>(std::ranges::find_if(missing, [](size_t n) { return n > 0; }) - missing.begin());
  std::vector<size_t> path;
  while (std::ranges::count(path, at) == 0) {
    path.push_back(at);
    at = *std::ranges::find_if(names_of_[at], is_open) - rules().size();
  }
  path.push_back(at);
  std::vector<std::string> cycle;
  for (auto in = std::ranges::find(path, at); in != path.end(); ++in) cycle.push_back(composites()[*in].name);
  const Composite& composite = composites()[at];
  return Refuse(composite, fmt::format("the composite contains itself: {}", fmt::join(cycle, " -> ")),
                "remove one of these names from the expression of another");
}

}  // namespace winnow
