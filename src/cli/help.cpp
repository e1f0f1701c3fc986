#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/environment.h"
#include "base/files.h"
#include "base/json.h"
#include "base/path_error.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/family.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "cli/reference.h"

namespace winnow {
namespace {

constexpr int kHelpWidth = 100;

struct HelpOptions : CommonOptions {
  std::vector<std::string> command;
  bool markdown = false;
  std::optional<std::filesystem::path> manual;
  std::optional<std::string> completion;
};

void Describe(HelpOptions& options, OptionTable& table) {
  table.AddPositional("command", &options.command, "The command to explain; without it, all commands are listed");
  table.Group("Options");
  table.Add("markdown", &options.markdown, "Print the reference of all commands as Markdown (docs/cli.md)");
  table.Add("manual", &options.manual, "Write the manual pages of all commands into DIR, as NAME.1").ValueName("DIR");
  table.Add("completion", &options.completion, "Print the script by which this shell completes command lines of winnow")
      .OneOf({"bash", "zsh", "fish"});
}

std::string Overview() {
  return "Winnow trains, checks and runs small text classifiers.\n\n"
         "Usage: winnow COMMAND [options]\n\n" +
         GroupedCommandLines() +
         "\nFirst steps, with a CSV file that has the columns text and label:\n"
         "  winnow train messages.csv --kind lr --output-dir spam   a model, in seconds\n"
         "  winnow classify spam 'You won a prize'                  the label of a text\n"
         "  winnow serve spam                                       HTTP; http://127.0.0.1:8080/docs shows how\n"
         "  winnow serve --workspace workspace                      a web page: http://127.0.0.1:8080/ui/\n"
         "\n'winnow help COMMAND' explains a command.\n";
}

std::string FamilyOverview(const std::string& family) {
  return fmt::format("Usage: winnow {} COMMAND [options]\n\nCommands:\n", family) + CommandLines(family + " ") +
         fmt::format("\n'winnow help {} COMMAND' explains a command.\n", family);
}

/// The commands whose names begin with `prefix`.
std::string CommandsJson(const std::string& prefix) {
  Json commands = Json::array();
  for (const Command& command : AllCommands()) {
    if (command.name.starts_with(prefix)) commands.push_back({{"name", command.name}, {"summary", command.summary}});
  }
  return Json{{"commands", commands}}.dump() + "\n";
}

/// An option or a positional argument.
Json OptionJson(const OptionSummary& option) {
  Json json = {{"name", option.name},         {"syntax", option.listed},
               {"help", option.help},         {"group", option.group},
               {"aliases", option.aliases},   {"positional", option.positional},
               {"required", option.required}, {"repeatable", option.list},
               {"flag", option.flag},         {"value", Json()},
               {"choices", option.allowed},   {"default", Json()}};
  if (!option.value_name.empty()) json["value"] = option.value_name;
  if (!option.default_text.empty()) json["default"] = option.default_text;
  return json;
}

std::string CommandJson(const OptionTable& table) {
  Json json = {{"name", table.command()},           {"summary", table.summary()}, {"usage", table.Usage()},
               {"description", table.paragraphs()}, {"options", Json::array()},   {"examples", Json::array()}};
  for (const OptionSummary& option : table.Summaries()) json["options"].push_back(OptionJson(option));
  for (const auto& [command_line, meaning] : table.examples()) {
    json["examples"].push_back({{"command", command_line}, {"meaning", meaning}});
  }
  return json.dump() + "\n";
}

Result<void> WriteManual(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(PathError(directory, error));
  for (const ManualPage& page : ManualPages()) TRY(WriteFileAtomically(directory / (page.name + ".1"), page.text));
  return {};
}

Result<void> Run(const HelpOptions& options) {
  if (options.manual) return WriteManual(*options.manual);
  if (options.completion) {
    return Print(*options.completion == "bash"  ? BashCompletion()
                 : *options.completion == "zsh" ? ZshCompletion()
                                                : FishCompletion());
  }
  if (options.markdown) return Print(CommandReference());
  if (options.command.empty()) return Print(options.json ? CommandsJson("") : Overview());
  const std::string name = fmt::format("{}", fmt::join(options.command, " "));
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    if (command.name == name) {
      const std::unique_ptr<Invocation> invocation = command.begin();
      const OptionTable& table = invocation->table();
      return Print(options.json ? CommandJson(table) : table.Help(TerminalWidth(STDOUT_FILENO, kHelpWidth)));
    }
    names.push_back(command.name);
  }
  if (!CommandsOfFamily(name).empty()) return Print(options.json ? CommandsJson(name + " ") : FamilyOverview(name));
  return Fail(ErrorCode::kInvalidArgument, fmt::format("unknown command '{}'", name),
              DidYouMean(name, names, "'winnow help' lists the commands"));
}

}  // namespace

Command HelpCommand() {
  return MakeCommand<HelpOptions>("help", "Explains a command, or lists all commands.", Describe, Run);
}

}  // namespace winnow
