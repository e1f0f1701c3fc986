#include "cli/commands.h"

namespace winnow {

const std::vector<Command>& AllCommands() {
  static const std::vector<Command> commands = {
      TrainCommand(),        EvaluateCommand(),       CompareCommand(),       ClassifyCommand(),
      FilterCommand(),       QuantizeCommand(),       CalibrateCommand(),     ExportCommand(),
      ImportCommand(),       BenchCommand(),          ServeCommand(),         MilterCommand(),
      PullCommand(),         VerifyCommand(),         TokenizeCommand(),      DataGetCommand(),
      DataImportCommand(),   DataInspectCommand(),    DataFilterCommand(),    DataDedupeCommand(),
      DataSplitCommand(),    DataCurveCommand(),      DataDoctorCommand(),    FeedbackAddCommand(),
      FeedbackListCommand(), FeedbackExportCommand(), FeedbackStatsCommand(), FeedbackAuditCommand(),
      DriftCommand(),        ForgetCommand(),         RetrainCommand(),       KeysAddCommand(),
      KeysListCommand(),     KeysRevokeCommand(),     RulesCheckCommand(),    RulesTestCommand(),
      RulesExplainCommand(), RulesCalibrateCommand(), RulesStatsCommand(),    HelpCommand(),
      VersionCommand(),
  };
  return commands;
}

}  // namespace winnow
