#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/rules_options.h"
#include "filter/backtest.h"

namespace winnow {
namespace {

struct RulesStatsOptions : CommonOptions {
  HistoryRangeOptions history;
};

void Describe(RulesStatsOptions& options, OptionTable& table) {
  AddHistoryRangeOptions(options.history, table, /*store_required=*/true);
  table.Describe(
      "Prints for each rule and composite in the verdicts of the history the number of hits, the share of them that was "
      "judged spam, and the precision on the messages that people have corrected, confirmed or labelled: the share that "
      "is spam or, for rules with a score below 0, ham.");
  table.Example("winnow rules stats --store sqlite:store.db --since 7d",
                "hits and precision of each rule in the last week");
}

Result<void> Run(const RulesStatsOptions& options) {
  HandleInterrupts();
  RuleHistory rules;
  TRY(ForHistory(options.history,
                 [&](const MessageRecord& message, std::optional<bool> truth) { rules.Add(message, truth); }));
  return Print(options.json ? rules.ToJson().dump(2) + "\n" : rules.Text());
}

}  // namespace

Command RulesStatsCommand() {
  return MakeCommand<RulesStatsOptions>("rules stats", "Counts hits and precision of rules in the history.", Describe,
                                        Run);
}

}  // namespace winnow
