#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <new>
#include <vector>

#include "base/console.h"
#include "base/environment.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "kernels/isa.h"

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
  std::vector<std::string> names;
  std::string family;  // "data inspect, data split"
  for (const Command& command : AllCommands()) {
    names.push_back(command.name);
    if (command.name.starts_with(arguments[0] + " ")) family += (family.empty() ? "" : ", ") + command.name;
  }
  if (!family.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "'" + arguments[0] + "' is not a complete command; the commands are: " + family);
  const std::string_view what = arguments[0].starts_with('-') ? "option" : "command";
  return Fail(ErrorCode::kInvalidArgument, fmt::format("unknown {} '{}'", what, arguments[0]),
              DidYouMean(arguments[0], names, "'winnow help' lists the commands"));
}

Result<void> RunChosen(const Chosen& chosen, std::span<const std::string> arguments) {
  const std::unique_ptr<Invocation> invocation = chosen.command->begin();
  OptionTable& table = invocation->table();
  constexpr int kHelpWidth = 100;
  if (TRY(table.Parse(arguments.subspan(chosen.words))) == ParseOutcome::kHelp) {
    return Print(table.Help(TerminalWidth(STDOUT_FILENO, kHelpWidth)));
  }
  const CommonOptions& common = invocation->common();
  const LogLevel level = common.quiet ? std::max(common.log_level, LogLevel::kWarning) : common.log_level;
  SetUpLogging({level, common.log_format});
  SetProgressShown(!common.quiet);
  return invocation->Run();
}

int Report(const Error& error, const std::string& command) {
  // Not through the log: an error is told whatever the level. The hint keeps a line of its own.
  const std::string_view colour = UsesColour(STDERR_FILENO) ? "\x1b[1;31m" : "";
  const std::string_view plain = colour.empty() ? "" : "\x1b[0m";
  std::string text = fmt::format("winnow{}: {}error:{} {}", command, colour, plain, PrintableMessage(error.message));
  if (!error.hint.empty()) text += "\n  " + error.hint;
  Console::Stderr().Print(text);
  return error.code == ErrorCode::kInvalidArgument ? 2 : 1;
}

}  // namespace

int RunCommandLine(std::span<const std::string> arguments) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  if (words.empty() || words[0] == "--help" || words[0] == "-h") words = {"help"};
  if (words[0] == "--version") words[0] = "version";
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
  } catch (const std::exception& exception) {
    return Report({ErrorCode::kInternal, std::string("internal error: ") + exception.what(),
                   "please report it, with the command line"},
                  command);
  }
}

}  // namespace winnow
