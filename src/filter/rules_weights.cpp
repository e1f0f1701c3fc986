#include "filter/rules_weights.h"

#include <fmt/format.h>

#include <cmath>

#include "base/files.h"
#include "base/shared_files.h"
#include "filter/rule_set.h"

namespace winnow {
namespace {

std::string_view WithoutSpaces(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

/// Returns the contents without the lines from "[weights]" to the next section.
std::string WithoutSection(std::string_view contents) {
  std::string rest;
  bool within = false;
  while (!contents.empty()) {
    const size_t end = contents.find('\n');
    const std::string_view line = contents.substr(0, end == std::string_view::npos ? contents.size() : end + 1);
    contents.remove_prefix(line.size());
    const std::string_view text = WithoutSpaces(line);
    if (text.starts_with('[')) within = text.starts_with("[weights]");
    if (!within) rest += line;
  }
  return rest;
}

bool AreWeights(const StatedWeights& stated, const EvidenceWeights& weights) {
  const EvidenceWeights effective = EffectiveWeights({}, stated);
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-3; };
  return near(effective.classifier, weights.classifier) && near(effective.rules, weights.rules) &&
         near(effective.reputation, weights.reputation) && near(effective.intercept, weights.intercept);
}

}  // namespace

Result<std::string> ContentsOfRules(const std::filesystem::path& path) {
  if (path == "none") return std::string();
  if (!path.empty()) return ReadFile(path);
  std::optional<SharedFile> file = TRY(ReadSharedFile("rules", "messages.toml"));
  if (!file) return Fail(ErrorCode::kInternal, "internal error: the built-in rules are missing");
  return std::move(file->contents);
}

Result<std::string> WithWeights(std::string_view contents, const std::string& file, const EvidenceWeights& weights) {
  const RuleSet::Pointer before = TRY(RuleSet::Parse(contents, file));
  std::string changed = WithoutSection(contents);
  while (changed.ends_with("\n\n")) changed.pop_back();
  if (!changed.empty()) changed += changed.ends_with('\n') ? "\n" : "\n\n";
  changed += fmt::format(
      "[weights]  # fitted by 'winnow rules calibrate'\nclassifier = {:.4f}\nrules = {:.4f}\nreputation = {:.4f}\n"
      "intercept = {:.4f}\n",
      weights.classifier, weights.rules, weights.reputation, weights.intercept);
  const Result<RuleSet::Pointer> after = RuleSet::Parse(changed, file);
  if (after && AreWeights((*after)->weights(), weights) && (*after)->rules().size() == before->rules().size() &&
      (*after)->composites().size() == before->composites().size()) {
    return changed;
  }
  return Fail(ErrorCode::kUnsupported, file + ": the weights cannot be written into this file",
              "write them into a section [weights] at the end of the file by hand; --dry-run prints them");
}

}  // namespace winnow
