#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "base/json_or_null.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "filter/js_patterns.h"
#include "filter/rule_set.h"
#include "filter/rule_warnings.h"

namespace winnow {
namespace {

struct RulesCheckOptions : CommonOptions {
  std::optional<std::filesystem::path> file;
  std::string target = "server";
};

void Describe(RulesCheckOptions& options, OptionTable& table) {
  table.AddPositional("file", &options.file, "File of rules (TOML)").ValueName("FILE").Default("the built-in rules");
  table
      .Add("target", &options.target,
           "What evaluates the rules; js: the package for JavaScript, whose patterns are translated, so that patterns "
           "without an exact translation are errors")
      .OneOf({"server", "js"});
  table.Describe(
      "Reports the first error with file, line and rule. For a valid file, prints the number of rules, and warnings: "
      "rules that never or always match, patterns that match the empty text, rules with the conditions of another "
      "rule, rules without an effect, and thresholds that no message can reach. Warnings do not change the exit code.");
  table.Example("winnow rules check messages.toml", "errors and warnings of a file of rules");
  table.Example("winnow rules check messages.toml --target js", "also whether all patterns work in JavaScript");
}

template <typename T>
size_t DisabledIn(const std::vector<T>& entries) {
  return static_cast<size_t>(std::ranges::count(entries, false, &T::enabled));
}

Json ThresholdJson(const std::optional<double>& threshold) { return OrNull(threshold); }

std::string ThresholdText(const std::optional<double>& threshold) {
  return threshold ? fmt::format("{:g}", *threshold) : "not set";
}

Result<void> Run(const RulesCheckOptions& options) {
  const RuleSet::Pointer rules = TRY(options.file ? RuleSet::Load(*options.file) : RuleSet::LoadBuiltIn());
  if (options.target == "js") {
    const std::vector<std::string> obstacles = JsObstacles(rules->rules());
    if (!obstacles.empty()) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: {}", rules->name(), fmt::join(obstacles, "; ")),
                  "write these patterns without it, or have messages checked by winnow serve");
    }
  }
  const std::vector<std::string> warnings = RuleWarnings(*rules);
  const size_t disabled = DisabledIn(rules->rules()) + DisabledIn(rules->composites());
  if (options.json) {
    return Print(Json{{"file", rules->name()},
                      {"sha256", rules->digest()},
                      {"rules", rules->rules().size()},
                      {"composites", rules->composites().size()},
                      {"groups", rules->groups().size()},
                      {"disabled", disabled},
                      {"spam", ThresholdJson(rules->actions().spam)},
                      {"ham", ThresholdJson(rules->actions().ham)},
                      {"warnings", warnings}}
                     .dump(2) +
                 "\n");
  }
  std::string text = fmt::format(
      "{}: rules: {}, composites: {}, groups: {}, not enabled: {}\nthreshold of spam: {}; threshold of ham: {}\nSHA-256: {}\n",
      rules->name(), rules->rules().size(), rules->composites().size(), rules->groups().size(), disabled,
      ThresholdText(rules->actions().spam), ThresholdText(rules->actions().ham), rules->digest());
  for (const std::string& warning : warnings) text += "warning: " + warning + "\n";
  return Print(text);
}

}  // namespace

Command RulesCheckCommand() {
  return MakeCommand<RulesCheckOptions>("rules check", "Checks a file of rules of the message filter.", Describe, Run);
}

}  // namespace winnow
