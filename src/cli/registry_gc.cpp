#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"

namespace winnow {
namespace {

struct RegistryGcOptions : RegistryCommandOptions {
  CollectRequest request;
  int keep_days = static_cast<int>(request.keep_time.count() / 24);
};

void Describe(RegistryGcOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.request.name, "The model; without it, all models").ValueName("NAME");
  AddRegistryChangeOptions(options, table);
  table.Group("What stays");
  table.Add("keep", &options.request.keep, "Keep the newest N versions of each model").ValueName("N").AtLeast(0);
  table
      .Add("keep-days", &options.keep_days,
           "Keep what was pushed, or what an alias meant, in the last N days (at least one day for pushes)")
      .ValueName("N")
      .Range(0, 36500);
  table.Add("dry-run", &options.request.dry_run, "Show what would be removed");
  table.Describe(
      "Removes old versions, and files without a version that interrupted pushes left more than a day ago. What an alias "
      "means, and what a rollback would return to, stays in any case. A version is out of sight before the first of its "
      "files is removed; an interrupted removal is completed by the next.");
  table.Example("winnow registry gc --registry registry --keep 5 --dry-run", "what would be removed");
}

Result<void> Run(const RegistryGcOptions& options) {
  CollectRequest request = options.request;
  request.keep_time = std::chrono::hours(24) * options.keep_days;
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const Collected collected = TRY(registry->Collect(request));
  if (options.json) {
    Json versions = Json::array(), files = Json::array();
    for (const ModelVersion& version : collected.versions)
      versions.push_back({{"name", version.name}, {"version", version.version}, {"bytes", version.bytes}});
    for (const ArtifactEntry& entry : collected.orphans) files.push_back(entry.key);
    return Print(
        DumpJsonLine(
            {{"versions", versions}, {"files", files}, {"bytes", collected.bytes}, {"dry_run", request.dry_run}}) +
        "\n");
  }
  std::string text;
  for (const ModelVersion& version : collected.versions)
    text += fmt::format("{} {}  {}\n", version.name, version.version, SizeText(version.bytes));
  for (const ArtifactEntry& entry : collected.orphans)
    text += fmt::format("{}  {}, of no version\n", entry.key, SizeText(entry.bytes));
  text += fmt::format("{}{} versions and {} files of no version, {}\n", request.dry_run ? "would remove " : "removed ",
                      collected.versions.size(), collected.orphans.size(), SizeText(collected.bytes));
  return Print(text);
}

}  // namespace

Command RegistryGcCommand() {
  return MakeCommand<RegistryGcOptions>("registry gc", "Removes versions that nobody uses.", Describe, Run);
}

}  // namespace winnow
