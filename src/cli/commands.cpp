#include "cli/commands.h"

namespace winnow {

const std::vector<Command>& AllCommands() {
  static const std::vector<Command> commands = {
      TrainCommand(),      EvaluateCommand(),   CompareCommand(),    ClassifyCommand(),  QuantizeCommand(),
      CalibrateCommand(),  ExportCommand(),     ImportCommand(),     BenchCommand(),     ServeCommand(),
      PullCommand(),       VerifyCommand(),     TokenizeCommand(),   DataGetCommand(),   DataInspectCommand(),
      DataFilterCommand(), DataDedupeCommand(), DataSplitCommand(),  DataCurveCommand(), DataDoctorCommand(),
      KeysAddCommand(),    KeysListCommand(),   KeysRevokeCommand(), HelpCommand(),      VersionCommand(),
  };
  return commands;
}

void AddWeightsOption(Weights& weights, OptionTable& table) {
  table.AddChoice("weights", &weights, {{"auto", Weights::kAuto}, {"float", Weights::kFloat}, {"int8", Weights::kInt8}},
                  "Which weights answer; auto takes INT8 where the model has them");
}

void AddLongTextOption(std::optional<LongText>& long_text, OptionTable& table) {
  table
      .AddChoice(
          "long-text", &long_text,
          {{"head", LongText::kHead}, {"head+tail", LongText::kHeadTail}, {"windows", LongText::kWindows}},
          "What is read of a text past the model's length: its first tokens, first and last ones, or all of it in "
          "overlapping windows, of which the most positive decides")
      .Default("the model's");
}

void AddFoldDisguisesOption(std::optional<bool>& fold_disguises, OptionTable& table) {
  table
      .AddChoice(
          "fold-disguises", &fold_disguises, {{"on", true}, {"off", false}},
          "Read texts without disguises: invisible characters, spaced letters, letters of other scripts that look "
          "alike, digits for letters")
      .Default("the model's");
}

void AddCommonOptions(CommonOptions& options, OptionTable& table) {
  table.Group("General");
  table.Add("json", &options.json, "Results for machines: one JSON document, or JSON lines");
  table.Add("threads", &options.threads, "Threads to use; 0 for all cores that the process may use").AtLeast(0);
  table.AddConfig("config", &options.config, "A TOML file of options, one a line: name = value");
  table.Add("quiet", &options.quiet, "No progress; only warnings and errors");
  table.AddChoice("log-level", &options.log_level,
                  {{"debug", LogLevel::kDebug},
                   {"info", LogLevel::kInfo},
                   {"warning", LogLevel::kWarning},
                   {"error", LogLevel::kError}},
                  "How much is told on standard error");
  table.AddChoice("log-format", &options.log_format, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                  "Log lines for people or for machines");
  table.AddHelp("help", &options.help, "This text");
}

}  // namespace winnow
