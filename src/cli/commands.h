/// The command table.
#pragma once

#include <vector>

#include "cli/command.h"

namespace winnow {

/// Returns all commands in the order of the overview.
const std::vector<Command>& AllCommands();

// One file each: help.cpp, version.cpp ...
Command TrainCommand();
Command EvaluateCommand();
Command CompareCommand();
Command ClassifyCommand();
Command FilterCommand();
Command QuantizeCommand();
Command CalibrateCommand();
Command BenchCommand();
Command ExportCommand();
Command ImportCommand();
Command PullCommand();
Command VerifyCommand();
Command ServeCommand();
Command MilterCommand();
Command TokenizeCommand();
Command DataGetCommand();
Command DataImportCommand();
Command DataInspectCommand();
Command DataFilterCommand();
Command DataDedupeCommand();
Command DataSplitCommand();
Command DataCurveCommand();
Command DataDoctorCommand();
Command DriftCommand();
Command ReviewSimulateCommand();
Command ForgetCommand();
Command RetrainCommand();
Command GateCommand();
Command FeedbackAddCommand();
Command FeedbackListCommand();
Command FeedbackExportCommand();
Command FeedbackStatsCommand();
Command FeedbackAuditCommand();
Command KeysAddCommand();
Command KeysListCommand();
Command KeysRevokeCommand();
Command RegistryPushCommand();
Command RegistryPullCommand();
Command RegistryListCommand();
Command RegistryShowCommand();
Command RegistryPromoteCommand();
Command RegistryRollbackCommand();
Command RegistryHistoryCommand();
Command RegistryAbCommand();
Command RegistrySimulateCommand();
Command RegistryGcCommand();
Command RulesCheckCommand();
Command RulesTestCommand();
Command RulesExplainCommand();
Command RulesCalibrateCommand();
Command RulesStatsCommand();
Command HelpCommand();
Command BackupCommand();
Command RestoreCommand();
Command PathsCommand();
Command ConfigCheckCommand();
Command VersionCommand();

}  // namespace winnow
