#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "cli/rules_options.h"
#include "data/dataset.h"
#include "filter/backtest.h"
#include "filter/must_pass.h"
#include "filter/rule_statistics.h"
#include "pipeline/data_plan.h"
#include "text/segments.h"

namespace winnow {
namespace {

struct RulesTestOptions : CommonOptions {
  std::vector<std::string> arguments;
  std::optional<std::filesystem::path> expect;
  std::string positive_label = "spam";
  ReadingOptions reading;
  HistoryRangeOptions history;
  std::optional<std::filesystem::path> current;
  int examples = 5;
};

void Describe(RulesTestOptions& options, OptionTable& table) {
  table
      .AddPositional(
          "file|data|text", &options.arguments,
          "A file of rules whose name ends in .toml (default: the built-in rules), and files of labelled texts, "
          "or texts")
      .ValueName("FILE|DATA|TEXT");
  table
      .Add(
          "expect", &options.expect,
          "Must-pass list: a JSONL file of messages and their labels. The command fails if rules alone decide otherwise for "
          "one of them")
      .ValueName("FILE");
  table.Add("positive-label", &options.positive_label, "Label of spam in DATA; all other labels are ham")
      .ValueName("LABEL");
  AddFieldOptions(options.reading, table);
  table
      .Add(
          "template", &options.reading.template_text,
          "Text template that combines several fields: '{subject} [SEP] {body}'; rules read each [SEP] as an empty line")
      .ValueName("TEXT");
  table.Group("Backtest on the history of messages");
  AddHistoryRangeOptions(options.history, table);
  table
      .Add(
          "current", &options.current,
          "File of the rules that were in use when the messages were checked; needed to find hits that the redaction of "
          "the history hides")
      .ValueName("FILE")
      .Default("the built-in rules");
  table.Add("examples", &options.examples, "Number of messages with another verdict to show").AtLeast(0);
  table.Describe(
      "For labelled texts, prints for each rule the number of hits, the precision (the share of the hits that are spam; for "
      "rules with a score below 0: that are ham), and the share of spam and of ham that it hits. For texts, prints one line "
      "per text: score, decision and symbols. A row of a must-pass list is {\"text\": \"...\", \"label\": \"spam\"} or "
      "\"ham\"; \"sender\", \"subject\" and \"note\" are optional.");
  table.Example("winnow rules test my.toml sms.tsv", "hits and precision of each rule");
  table.Describe(
      "With --store, prints how many verdicts of the history the rules would change, which rules cause it, with "
      "examples, and the precision of each rule on the messages that people have corrected, confirmed or labelled. "
      "Weights of rules and senders are those of the server by default.");
  table.Example("winnow rules test my.toml --store store.db --since 7d", "what other rules would have decided");
  table.Example("winnow rules test my.toml --expect must_pass.jsonl", "check decisions of rules against a list");
}

/// Returns true if the arguments name files of data rather than texts: one of them exists, or has the ending of such a
/// file.
bool AreFiles(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](const std::string& argument) {
    constexpr std::string_view kEndings[] = {".csv", ".tsv", ".json", ".jsonl", ".txt", ".gz"};
    std::error_code ignored;
    return std::ranges::any_of(kEndings, [&](std::string_view ending) { return argument.ends_with(ending); }) ||
           std::filesystem::is_regular_file(argument, ignored);
  });
}

Result<void> TestData(const RuleSet& rules, const std::vector<std::string>& files, const RulesTestOptions& options) {
  ReadReport report;
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  const Dataset dataset = TRY(ReadDataset(paths, ReadOptionsOf(options.reading), report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  const int32_t spam = dataset.labels.Find(options.positive_label);
  if (spam < 0) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the data has no label '{}'", options.positive_label),
                fmt::format("specify the label of spam with --positive-label; the labels are: {}",
                            SomeNames(dataset.labels.names)));
  }
  RuleStatistics statistics(rules);
  for (const Example& example : dataset.examples) {
    FilterMessage message;
    for (const char c : example.text) message.text += c == kSegmentSeparator ? "\n\n" : std::string(1, c);
    statistics.Add(message, std::ranges::count(example.labels, spam) > 0);
  }
  return Print(options.json ? statistics.ToJson().dump(2) + "\n" : statistics.Text());
}

Result<void> TestHistory(const RuleSet& rules, const RulesTestOptions& options) {
  const RuleSet::Pointer current = TRY(options.current ? RuleSet::Load(*options.current) : RuleSet::LoadBuiltIn());
  Backtest backtest(rules, *current, {.examples = static_cast<size_t>(options.examples)});
  TRY(ForHistory(options.history,
                 [&](const MessageRecord& message, std::optional<bool> truth) { backtest.Add(message, truth); }));
  return Print(options.json ? backtest.ToJson().dump(2) + "\n" : backtest.Text());
}

Result<void> TestTexts(const RuleSet& rules, const std::vector<std::string>& texts, bool json) {
  for (const std::string& text : texts) {
    FilterMessage message;
    message.text = text;
    const RuleResult result = rules.Evaluate(message);
    std::vector<std::string> names;
    Json symbols = Json::array();
    for (const Symbol& symbol : result.symbols) {
      names.push_back(fmt::format("{}({})", symbol.name, SignedScore(symbol.score)));
      symbols.push_back(Json{{"name", symbol.name}, {"score", symbol.score}});
    }
    const std::string_view decision = RuleActionName(result.action);
    if (json) {
      TRY(Print(Json{{"decision", decision}, {"score", result.score}, {"symbols", symbols}}.dump() + "\n"));
    } else {
      TRY(Print(fmt::format("{}\t{}\t{}\n", SignedScore(result.score), decision, fmt::join(names, " "))));
    }
  }
  return {};
}

Result<void> TestExpected(const RuleSet& rules, const std::filesystem::path& file, bool as_json) {
  const std::vector<MustPassCase> cases = TRY(ReadMustPass(file));
  size_t agreed = 0, undecided = 0;
  Json differing = Json::array();
  std::string text;
  for (const MustPassCase& expected : cases) {
    const RuleResult result = rules.Evaluate(expected.message);
    if (result.action == RuleAction::kNone) {
      ++undecided;
    } else if ((result.action == RuleAction::kSpam) == expected.spam) {
      ++agreed;
    } else {
      std::vector<std::string> names;
      for (const Symbol& symbol : result.symbols) names.push_back(symbol.name);
      const std::string_view wanted = expected.spam ? "spam" : "ham";
      text += fmt::format("line {}: expected {}, rules decide {} (score {}: {})\n", expected.line, wanted,
                          RuleActionName(result.action), SignedScore(result.score), fmt::join(names, ", "));
      differing.push_back(Json{{"line", expected.line},
                               {"label", wanted},
                               {"decision", RuleActionName(result.action)},
                               {"score", result.score},
                               {"symbols", names}});
    }
  }
  const Json json = {{"cases", cases.size()}, {"agreed", agreed}, {"undecided", undecided}, {"differing", differing}};
  text += fmt::format("{}: {} cases; rules alone decide {} as expected, {} otherwise, {} not at all\n", file.string(),
                      cases.size(), agreed, differing.size(), undecided);
  TRY(Print(as_json ? json.dump(2) + "\n" : text));
  if (differing.empty()) return {};
  return Fail(
      ErrorCode::kInvalidData,
      fmt::format("{}: rules alone decide otherwise for {} of {} cases", file.string(), differing.size(), cases.size()),
      "winnow rules explain shows which rules a message hits");
}

Result<void> Run(const RulesTestOptions& options) {
  const RulesArguments arguments = TRY(ReadRulesArgument(options.arguments));
  if (!options.history.store.empty()) {
    if (options.expect || !arguments.rest.empty()) {
      return Fail(ErrorCode::kInvalidArgument, "--store cannot be combined with --expect, DATA or TEXT",
                  "run the command twice");
    }
    return TestHistory(*arguments.rules, options);
  }
  if (!options.history.since.empty() || !options.history.until.empty() || options.current)
    return Fail(ErrorCode::kInvalidArgument, "--since, --until and --current require --store", "specify --store URL");
  if (options.expect && !arguments.rest.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--expect cannot be combined with DATA or TEXT", "run the command twice");
  }
  if (options.expect) return TestExpected(*arguments.rules, *options.expect, options.json);
  if (arguments.rest.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there is nothing to test",
                "specify files of labelled texts, texts, --expect FILE or --store URL");
  }
  if (AreFiles(arguments.rest)) return TestData(*arguments.rules, arguments.rest, options);
  return TestTexts(*arguments.rules, arguments.rest, options.json);
}

}  // namespace

Command RulesTestCommand() {
  return MakeCommand<RulesTestOptions>("rules test", "Measures rules of the message filter on labelled messages.",
                                       Describe, Run);
}

}  // namespace winnow
