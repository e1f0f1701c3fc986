#include "cli/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

#include "base/console.h"
#include "base/environment.h"
#include "base/json_log_line.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/option_guesses.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "bundle/load_check.h"
#include "cli/commands.h"
#include "cli/family.h"
#include "cli/output.h"
#include "cli/unknown_variables.h"
#include "cli/weakened_checks.h"
#include "kernels/isa.h"
#include "text/text_limits.h"

namespace winnow {
namespace {

struct Chosen {
  const Command* command;
  size_t words;  // of the command line that name it
};

Result<Chosen> Choose(std::span<const std::string> arguments) {
  for (const size_t words : {size_t{2}, size_t{1}}) {
    if (arguments.size() < words) continue;
    const std::string name = words == 2 ? arguments[0] + " " + arguments[1] : arguments[0];
    for (const Command& command : AllCommands()) {
      if (command.name == name) return Chosen{&command, words};
    }
  }
  if (const std::vector<std::string> family = CommandsOfFamily(arguments[0]); !family.empty()) {
    const std::string what = arguments.size() < 2 || arguments[1].starts_with('-')
                                 ? fmt::format("'{}' is not a complete command", arguments[0])
                                 : fmt::format("unknown command '{} {}'", arguments[0], arguments[1]);
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}; the commands are: {}", what, fmt::join(family, ", ")),
                fmt::format("'winnow help {}' explains them", arguments[0]));
  }
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) names.push_back(command.name);
  const std::string_view what = arguments[0].starts_with('-') ? "option" : "command";
  return Fail(ErrorCode::kInvalidArgument, fmt::format("unknown {} '{}'", what, arguments[0]),
              DidYouMean(arguments[0], names, "'winnow help' lists the commands"));
}

Result<void> SetTrust(const CommonOptions& common) {
  if (!common.verify && common.public_key) {
    return Fail(ErrorCode::kInvalidArgument, "--no-verify cannot be combined with --public-key",
                "omit one of these options");
  }
  BundleTrust trust{.verify = common.verify};
  if (common.public_key) trust.key = TRY(FindMinisignKey(*common.public_key));
  SetBundleTrust(trust);
  return {};
}

/// Of the error of an unknown option that other commands have, changes the hint: it names these commands. What the
/// command itself may mean by such a name comes first.
Error WithOtherCommands(Error error, const OptionTable& table) {
  constexpr std::string_view kBegin = "unknown option '--";
  if (!error.message.starts_with(kBegin) || error.hint.contains("an argument without a name")) return error;
  const std::string name = error.message.substr(kBegin.size(), error.message.size() - kBegin.size() - 1);
  const auto has = [&](const OptionSummary& option) {
    return !option.positional &&
           (option.name == name || std::ranges::find(option.aliases, name) != option.aliases.end());
  };
  std::vector<std::string> own, commands;
  for (const OptionSummary& option : table.Summaries()) {
    if (!option.positional) own.push_back(option.name);
  }
  if (!SuggestOption(name, own).empty()) return error;
  for (const Command& command : AllCommands()) {
    const std::unique_ptr<Invocation> other = command.begin();
    if (std::ranges::any_of(other->table().Summaries(), has)) commands.push_back("'winnow " + command.name + "'");
  }
  constexpr size_t kMost = 3;
  if (commands.empty()) return error;
  const size_t more = commands.size() - std::min(commands.size(), kMost);
  commands.resize(commands.size() - more);
  error.hint =
      fmt::format("it is an option of {}{}; 'winnow {} --help' lists those of this command", fmt::join(commands, ", "),
                  more == 0 ? "" : fmt::format(" and {} more", more), table.command());
  return error;
}

Result<void> RunChosen(const Chosen& chosen, std::span<const std::string> arguments) {
  const std::unique_ptr<Invocation> invocation = chosen.command->begin();
  OptionTable& table = invocation->table();
  constexpr int kHelpWidth = 100;
  const CommonOptions& common = invocation->common();
  const Result<ParseOutcome> outcome = table.Parse(arguments.subspan(chosen.words));
  if (!outcome) {
    SetUpLogging({common.log_level, common.log_format});  // as far as they are known
    return std::unexpected(WithOtherCommands(outcome.error(), table));
  }
  if (*outcome != ParseOutcome::kRun) {
    return Print(table.Help(TerminalWidth(STDOUT_FILENO, kHelpWidth), *outcome == ParseOutcome::kHelpAll));
  }
  const LogLevel level = common.quiet ? std::max(common.log_level, LogLevel::kWarning) : common.log_level;
  SetUpLogging({level, common.log_format});
  TRY(RefuseWeakenedChecks(table));
  SetProgressShown(!common.quiet);
  const std::string& name = chosen.command->name;
  if (name == "serve" || name == "milter" || name == "config check") {
    for (const std::string& warning : UnknownVariableWarnings()) LogWarning("{}", warning);
  }
  TRY(SetTrust(common));
  return invocation->Run();
}

int Report(const Error& error, const std::string& command) {
  // The reader of a pipe has seen enough, as in `winnow help | head`: not a failure that needs words. The exit code is
  // that of a process that SIGPIPE ends.
  constexpr int kBrokenPipe = 128 + SIGPIPE;
  if (OutputWasClosed()) return kBrokenPipe;
  const int code = error.code == ErrorCode::kInvalidArgument ? 2 : 1;
  // Not through the log: an error is told whatever the level. The hint keeps a line of its own.
  if (CurrentLogFormat() == LogFormat::kJson) {
    Console::Stderr().Print(JsonLogLine(LogLevel::kError, error.message, error.hint));
    return code;
  }
  const std::string_view colour = UsesColour(STDERR_FILENO) ? "\x1b[1;31m" : "";
  const std::string_view plain = colour.empty() ? "" : "\x1b[0m";
  std::string text = fmt::format("winnow{}: {}error:{} {}", command, colour, plain, PrintableMessage(error.message));
  if (!error.hint.empty()) text += "\n  " + error.hint;
  Console::Stderr().Print(text);
  return code;
}

int ReportInternal(const std::exception& exception, const std::string& command) {
  return Report({ErrorCode::kInternal, std::string("internal error: ") + exception.what(),
                 "please report it, with the command line"},
                command);
}

}  // namespace

int RunCommandLine(std::span<const std::string> arguments) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  if (words.empty() || words[0] == "--help" || words[0] == "-h") words = {"help"};
  if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
  // "winnow data --help": what a family of commands has to offer.
  if (words.size() == 2 && (words[1] == "--help" || words[1] == "-h") && !CommandsOfFamily(words[0]).empty()) {
    words = {"help", words[0]};
  }
  std::string command;
  try {
    const Result<Chosen> chosen = Choose(words);
    if (!chosen) return Report(chosen.error(), command);
    if (const Result<void> isa = ChooseIsaFromEnvironment(); !isa) return Report(isa.error(), command);
    command = " " + chosen->command->name;
    const Result<void> done = RunChosen(*chosen, words);
    // What was printed before an error is a result, too.
    const Result<void> flushed = FlushOutput();
    if (!done) return Report(done.error(), command);
    if (!flushed) return Report(flushed.error(), command);
    return 0;
  } catch (const std::bad_alloc&) {
    return Report({ErrorCode::kIo, "out of memory", "reduce --batch-size or --max-length"}, command);
  } catch (const std::system_error& exception) {
    if (exception.code() != std::errc::resource_unavailable_try_again) return ReportInternal(exception, command);
    return Report({ErrorCode::kIo, "out of memory or of processes: a thread could not be started",
                   "allow more of them ('ulimit -a' lists the limits), or reduce --threads"},
                  command);
  } catch (const TextLimitExceeded& exception) {
    return Report({ErrorCode::kInvalidModel, exception.what(), kTextLimitHint}, command);
  } catch (const std::exception& exception) {
    return ReportInternal(exception, command);
  }
}

}  // namespace winnow
