#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/rules_options.h"
#include "filter/header_lines.h"
#include "filter/rule_set.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

struct RulesExplainOptions : CommonOptions {
  std::vector<std::string> arguments;
  FilterMessage message;
  std::optional<std::filesystem::path> headers;
};

void Describe(RulesExplainOptions& options, OptionTable& table) {
  table
      .AddPositional(
          "file|text", &options.arguments,
          "A file of rules whose name ends in .toml (default: the built-in rules), and the text of the message")
      .ValueName("FILE|TEXT");
  table.Group("Message");
  table.Add("sender", &options.message.sender, "Address or telephone number of the sender").ValueName("ADDRESS");
  table.Add("sender-name", &options.message.sender_name, "Display name of the sender").ValueName("NAME");
  table.Add("recipient", &options.message.recipient, "Address or telephone number of the recipient")
      .ValueName("ADDRESS");
  table.Add("subject", &options.message.subject, "Subject of a mail, whose body is TEXT").ValueName("TEXT");
  table.Add("headers", &options.headers, "File with header fields as in a mail, one per line: Name: value")
      .ValueName("FILE");
  table.Describe(
      "Shows which rules a message hits, what their patterns matched, which composites hold and what these replace, "
      "which bounds of groups apply, and what rules alone decide.");
  table.Example("winnow rules explain \"You won a \\$1000 gift card\"", "by the built-in rules");
  table.Example("winnow rules explain my.toml \"Pay now\" --sender billing@example.com", "by rules of your own");
}

Json HitJson(const RuleHit& hit) {
  Json json = {{"name", hit.name()}, {"score", hit.score()}};
  json["kind"] = hit.rule != nullptr ? "rule" : "composite";
  json["line"] = hit.rule != nullptr ? hit.rule->line : hit.composite->line;
  json["description"] = hit.rule != nullptr ? hit.rule->description : hit.composite->description;
  json["group"] = hit.group();
  json["tags"] = hit.rule != nullptr ? hit.rule->tags : hit.composite->tags;
  if (hit.rule != nullptr && hit.rule->pattern) {
    json["field"] = hit.rule->field.Text();
    json["matched"] = hit.matched;
  }
  if (hit.composite != nullptr) json["expression"] = hit.composite->expression.text();
  json["replaced_by"] = hit.replaced_by;
  return json;
}

Json ExplanationJson(const RuleExplanation& explanation) {
  Json hits = Json::array(), symbols = Json::array(), bounds = Json::array();
  for (const RuleHit& hit : explanation.hits) hits.push_back(HitJson(hit));
  for (const Symbol& symbol : explanation.result.symbols) {
    symbols.push_back(Json{{"name", symbol.name}, {"score", symbol.score}});
  }
  for (const GroupBound& bound : explanation.bounds) {
    bounds.push_back(Json{{"group", bound.group}, {"sum", bound.sum}, {"bound", bound.bound}});
  }
  return {{"decision", RuleActionName(explanation.result.action)},
          {"score", explanation.result.score},
          {"symbols", symbols},
          {"hits", hits},
          {"bounds", bounds}};
}

std::string HitText(const RuleHit& hit, size_t width) {
  std::string why;
  if (hit.composite != nullptr) {
    why = Printable(hit.composite->expression.text());
  } else if (hit.rule->pattern) {
    constexpr size_t kShownBytes = 60;
    const std::string_view shown = FirstBytes(hit.matched, kShownBytes);
    why = fmt::format("{}: \"{}{}\"", hit.rule->field.Text(), Printable(shown),
                      shown.size() < hit.matched.size() ? "..." : "");
  } else {
    why = hit.rule->description;
  }
  const std::string score = hit.replaced_by.empty() ? SignedScore(hit.score()) : "replaced";
  std::string line = fmt::format("{:>8}  {:<{}}  {}", score, hit.name(), width, why);
  if (!hit.replaced_by.empty()) line += fmt::format(" (by {})", fmt::join(hit.replaced_by, ", "));
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

std::string ExplanationText(const RuleSet& rules, const RuleExplanation& explanation) {
  size_t width = 0;
  for (const RuleHit& hit : explanation.hits) width = std::max(width, hit.name().size());
  std::string text;
  for (const RuleHit& hit : explanation.hits) text += HitText(hit, width);
  for (const GroupBound& bound : explanation.bounds) {
    text += fmt::format("group {}: {} counts as {}\n", bound.group, SignedScore(bound.sum), SignedScore(bound.bound));
  }
  std::string thresholds;
  if (rules.actions().spam) thresholds += fmt::format("spam from {:g}", *rules.actions().spam);
  if (rules.actions().ham) {
    thresholds += fmt::format("{}ham down to {:g}", thresholds.empty() ? "" : ", ", *rules.actions().ham);
  }
  return text + fmt::format("score {}, {}{}\n", SignedScore(explanation.result.score),
                            RuleActionName(explanation.result.action),
                            thresholds.empty() ? "" : " (" + thresholds + ")");
}

Result<void> Run(const RulesExplainOptions& options) {
  const RulesArguments arguments = TRY(ReadRulesArgument(options.arguments));
  FilterMessage message = options.message;
  if (arguments.rest.size() > 1) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("expected one text, found {}", arguments.rest.size()),
                "put the text in quotes");
  }
  if (arguments.rest.empty() && message.subject.empty() && !options.headers) {
    return Fail(ErrorCode::kInvalidArgument, "TEXT is missing", "winnow rules explain [FILE.toml] \"the text\"");
  }
  if (!arguments.rest.empty()) (message.subject.empty() ? message.text : message.body) = arguments.rest[0];
  if (options.headers) message.headers = ParseHeaderLines(TRY(ReadFile(*options.headers)));
  const RuleExplanation explanation = arguments.rules->Explain(message);
  return Print(options.json ? ExplanationJson(explanation).dump(2) + "\n"
                            : ExplanationText(*arguments.rules, explanation));
}

}  // namespace

Command RulesExplainCommand() {
  return MakeCommand<RulesExplainOptions>("rules explain", "Shows which rules of the message filter a message hits.",
                                          Describe, Run);
}

}  // namespace winnow
