#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "registry/registry_json.h"

namespace winnow {
namespace {

struct RegistryListOptions : RegistryCommandOptions {
  std::string name;
  int limit = 1000;
};

void Describe(RegistryListOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.name, "A model, whose versions are listed; without it, all models are listed")
      .ValueName("NAME");
  table.Group("Which versions");
  table.Add("limit", &options.limit, "Maximum number of versions, of the highest").AtLeast(1);
  AddRegistryOptions(options, table);
  table.Describe("Versions are listed from the highest to the lowest; with --json, one per line.");
  table.Example("winnow registry list --registry registry", "all models, with their aliases");
  table.Example("winnow registry list spam --registry registry", "the versions of spam");
}

/// Rows of text in aligned columns.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string AliasesText(const ModelVersion& version, const std::vector<AliasRow>& aliases) {
  std::string text;
  for (const AliasRow& row : aliases) {
    if (row.version == version.version) text += (text.empty() ? "" : ", ") + row.alias;
  }
  return text.empty() ? "-" : text;
}

std::string MetricText(const ModelVersion& version) {
  const Json metrics = ParseJson(version.metrics, "metrics").value_or(Json::object());
  const Json* const found = metrics.Find("f1_macro");
  return found != nullptr && found->is_number() ? fmt::format("{:.4f}", found->get<double>()) : "-";
}

Result<void> ListModels(Registry& registry, bool json) {
  std::vector<std::vector<std::string>> rows = {{"MODEL", "VERSIONS", "HIGHEST", "LAST PUSH", "ALIASES"}};
  std::string lines;
  for (const ModelSummary& model : TRY(registry.List())) {
    if (json) {
      lines += DumpJsonLine(SummaryJson(model)) + "\n";
      continue;
    }
    std::string aliases;
    for (const AliasRow& row : model.aliases)
      aliases += fmt::format("{}{} {}", aliases.empty() ? "" : ", ", row.alias, row.version.value_or(""));
    rows.push_back({model.name, std::to_string(model.versions), model.highest, TimeText(model.pushed_at),
                    aliases.empty() ? "-" : aliases});
  }
  return Print(json ? lines : Table(rows));
}

Result<void> Run(const RegistryListOptions& options) {
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  if (options.name.empty()) return ListModels(*registry, options.json);
  std::vector<ModelVersion> versions = TRY(registry->Versions(options.name));
  const size_t count = versions.size(), limit = static_cast<size_t>(options.limit);
  if (count > limit) versions.resize(limit);
  const std::vector<AliasRow> aliases = TRY(registry->Aliases(options.name));
  std::vector<std::vector<std::string>> rows = {{"VERSION", "PUSHED", "BY", "SIZE", "F1_MACRO", "ALIASES"}};
  std::string lines;
  for (const ModelVersion& version : versions) {
    if (options.json) {
      lines += DumpJsonLine(VersionJson(version, aliases)) + "\n";
    } else {
      rows.push_back({version.version, TimeText(version.created_at), version.pushed_by, SizeText(version.bytes),
                      MetricText(version), AliasesText(version, aliases)});
    }
  }
  TRY(Print(options.json ? lines : Table(rows)));
  if (count > limit) LogInfo("{} of {} versions; pass a greater --limit for the others", limit, count);
  return {};
}

}  // namespace

Command RegistryListCommand() {
  return MakeCommand<RegistryListOptions>("registry list", "Lists the models of a registry, or the versions of one.",
                                          Describe, Run);
}

}  // namespace winnow
