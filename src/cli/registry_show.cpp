#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "registry/registry_json.h"

namespace winnow {
namespace {

struct RegistryShowOptions : RegistryCommandOptions {
  std::string spec;
};

void Describe(RegistryShowOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.spec, "NAME (its champion), NAME@ALIAS or NAME:VERSION")
      .ValueName("MODEL")
      .Required();
  AddRegistryOptions(options, table);
  table.Describe("Shows what the registry knows of a version: its origin, metrics and files with their digests.");
  table.Example("winnow registry show spam:1.2.0 --registry registry --json", "as one JSON document");
}

std::string Text(const ModelVersion& version, const Json& json, const ArtifactStore& artifacts) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:<14}{}\n", name, value);
  };
  line("model", fmt::format("{} {}", version.name, version.version));
  line("aliases", fmt::format("{}", fmt::join(json["aliases"].get<std::vector<std::string>>(), ", ")));
  line("kind", version.kind);
  if (version.architecture != version.kind) line("architecture", version.architecture);
  line("labels", fmt::format("{}", fmt::join(version.labels, ", ")));
  std::string metrics;
  for (const auto& [name, value] : json["metrics"].items()) {
    if (value.is_number())
      metrics += fmt::format("{}{} {:.4f}", metrics.empty() ? "" : ", ", name, value.get<double>());
  }
  line("metrics", metrics);
  line("pushed", fmt::format("{} by {}", TimeText(version.created_at), version.pushed_by));
  line("parent", version.parent.value_or(""));
  line("command", version.command.value_or(""));
  line("winnow", version.code_version.value_or(""));
  line("data", version.data_sha256.value_or(""));
  line("digest", version.digest);
  const std::string& url = artifacts.url();
  line("files", fmt::format("{}{}{}", url, url.ends_with('/') ? "" : "/", version.uri));
  for (const ModelFile& file : version.files)
    text += fmt::format("  {:<40}  {:>10}  {}\n", file.path, SizeText(file.bytes), file.sha256);
  return text;
}

Result<void> Run(const RegistryShowOptions& options) {
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const ModelVersion version = TRY(registry->Show(options.spec));
  const Json json = WholeVersionJson(version, TRY(registry->Aliases(version.name)));
  return Print(options.json ? DumpJson(json) : Text(version, json, registry->artifacts()));
}

}  // namespace

Command RegistryShowCommand() {
  return MakeCommand<RegistryShowOptions>("registry show", "Shows a version: origin, metrics, files.", Describe, Run);
}

}  // namespace winnow
