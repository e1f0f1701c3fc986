#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "base/percent_encoding.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve_check.h"
#include "cli/weakened_checks.h"

namespace winnow {
namespace {

struct ConfigCheckOptions : CommonOptions {
  std::filesystem::path file;
  std::string command;
};

void Describe(ConfigCheckOptions& options, OptionTable& table) {
  table.Describe(
      "The file is read as the command reads it with --config, together with the environment: unknown names, values of "
      "the wrong type and values out of range are errors with the line. For serve, options that cannot be combined and "
      "options that require others are errors, too. Nothing is run, and files that the options name are not read.");
  table.AddPositional("file", &options.file, "Configuration file (TOML)").Required();
  table.Group("Options");
  table.Add("for", &options.command, "Command that the file is for").ValueName("COMMAND").Required();
  table.Example("winnow config check serve.toml --for serve", "check the configuration of a server");
}

Result<const Command*> FindCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    if (command.name == name) return &command;
    names.push_back(command.name);
  }
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--for: unknown command '{}'", name),
              DidYouMean(name, names, "'winnow help' lists the commands"));
}

/// Replaces the values of parameters that are passwords, such as "password=" and "sslpassword=" of PostgreSQL.
std::string QueryWithoutPasswords(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&', 1));  // with the ? or & before it
    const std::string_view name = parameter.substr(0, parameter.find('='));
    // A name that can't be read may be one.
    const bool secret = PercentDecoded(name).value_or("password").contains("password");
    shown += secret ? fmt::format("{}=***", name) : std::string(parameter);
    query.remove_prefix(parameter.size());
  }
  return shown;
}

/// A URL of a store or cache may contain a password, which does not belong on a screen.
std::string WithoutPassword(const std::string& value) {
  const size_t scheme = value.find("://");
  if (scheme == std::string::npos) return value;
  const size_t question = std::min(value.find('?', scheme), value.size());
  std::string shown = value.substr(0, question);
  const size_t at = shown.rfind('@'), colon = shown.find(':', scheme + 3);  // a password may contain an @
  if (at != std::string::npos && colon < at) shown.replace(colon, at - colon, ":***");
  return shown + QueryWithoutPasswords(std::string_view(value).substr(question));
}

Result<void> Run(const ConfigCheckOptions& options) {
  const Command& command = *TRY(FindCommand(options.command));
  const std::unique_ptr<Invocation> invocation = command.begin();
  const std::vector<std::string> arguments = {"--config", options.file.string()};
  const OptionSources sources{.environment = {}, .preset_directories = {}, .check_required = false};
  TRY(invocation->table().Parse(arguments, sources));
  TRY(RefuseWeakenedChecks(invocation->table()));
  if (command.name == "serve") {
    if (Result<void> fits = CheckServeArguments(arguments, sources); !fits) {
      fits.error().message = fmt::format("{}: {}", options.file.string(), fits.error().message);
      return fits;
    }
  }
  Json list = Json::array();
  std::string text;
  std::vector<std::string> missing;
  for (const OptionSummary& option : invocation->table().Summaries()) {
    if (option.required && option.origin == OptionOrigin::kDefault) missing.push_back(option.listed);
    if (option.origin == OptionOrigin::kDefault || option.origin == OptionOrigin::kCommandLine) continue;
    std::vector<std::string> values;
    for (const std::string& value : option.values) values.push_back(WithoutPassword(value));
    const std::string from = option.origin == OptionOrigin::kEnvironment ? option.place : options.file.string();
    text += fmt::format("{} = {}  (from {})\n", option.name, fmt::join(values, ", "), from);
    list.push_back({{"name", option.name}, {"values", values}, {"from", from}});
  }
  if (options.json) return Print(Json{{"valid", true}, {"options", list}, {"missing", missing}}.dump() + "\n");
  text += fmt::format("{} is valid for 'winnow {}'", options.file.string(), command.name);
  if (!missing.empty()) text += fmt::format("; the command also requires {}", fmt::join(missing, ", "));
  return Print(text + "\n");
}

}  // namespace

Command ConfigCheckCommand() {
  return MakeCommand<ConfigCheckOptions>("config check", "Checks a configuration file without running the command.",
                                         Describe, Run);
}

}  // namespace winnow
