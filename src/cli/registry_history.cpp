#include <fmt/format.h>

#include <optional>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "registry/registry_json.h"

namespace winnow {
namespace {

struct RegistryHistoryOptions : RegistryCommandOptions {
  std::string name, at;
  std::optional<std::string> alias;
  int limit = 100;
};

void Describe(RegistryHistoryOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.name, "The model").ValueName("NAME").Required();
  table.Group("Which changes");
  table.Add("alias", &options.alias, "List only the changes of this alias").ValueName("ALIAS");
  table.Add("at", &options.at, "Print what the aliases meant at this time, in UTC, instead of the changes")
      .ValueName("TIME");
  table.Add("limit", &options.limit, "Maximum number of changes").AtLeast(1);
  AddRegistryOptions(options, table);
  table.Describe("Lists the changes of the aliases, the newest first; with --json, one per line.");
  table.Example("winnow registry history spam --registry registry", "who changed what, when and why");
  table.Example("winnow registry history spam --registry registry --alias champion --at 2026-11-01",
                "what was the champion at the beginning of November");
}

std::string Line(const AliasRow& row) {
  std::string line = fmt::format("{}  {:<12}  {:<10} -> {:<10}  {:<12}  {}", TimeText(row.created_at),
                                 Printable(row.alias), row.from_version.value_or("(none)"),
                                 row.version.value_or("(none)"), Printable(row.actor), Printable(row.reason));
  line.resize(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

Result<void> Run(const RegistryHistoryOptions& options) {
  const std::optional<StoreTime> time = TRY(ParseTimeOption("at", options.at));
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const std::vector<AliasRow> rows = time ? TRY(registry->At(options.name, options.alias, *time))
                                          : TRY(registry->History(options.name, options.alias, options.limit));
  std::string text;
  for (const AliasRow& row : rows) {
    if (options.json) {
      text += DumpJsonLine(AliasJson(row)) + "\n";
    } else if (time) {
      text += fmt::format("{}@{} was {}, since {}, by {}\n", row.name, row.alias, row.version.value_or(""),
                          TimeText(row.created_at), Printable(row.actor));
    } else {
      text += Line(row);
    }
  }
  if (rows.empty()) LogInfo("{}: no alias {}", options.name, time ? "meant a version at that time" : "was ever set");
  return Print(text);
}

}  // namespace

Command RegistryHistoryCommand() {
  return MakeCommand<RegistryHistoryOptions>(
      "registry history", "Lists the changes of aliases, or what they meant at a time.", Describe, Run);
}

}  // namespace winnow
