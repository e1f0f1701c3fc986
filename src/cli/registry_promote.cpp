#include "cli/commands.h"
#include "cli/registry_options.h"

namespace winnow {
namespace {

constexpr char kRemove[] = "none";

struct RegistryPromoteOptions : RegistryCommandOptions {
  PromoteRequest request;
};

void Describe(RegistryPromoteOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.request.name, "The model").ValueName("NAME").Required();
  table
      .AddPositional("version", &options.request.version,
                     "The version that the alias is to mean; @ALIAS: what another alias means; none: remove the alias")
      .ValueName("VERSION")
      .Required();
  AddAliasOptions(options.request.alias, options.request.reason, table);
  table
      .Add("expect", &options.request.expect,
           "Change nothing unless the alias means this version now; an empty value: unless there is no such alias")
      .ValueName("VERSION");
  AddRegistryChangeOptions(options, table);
  table.Describe(
      "The change is added to the history of the alias. Servers that follow the registry switch to the version within "
      "about a second. If two processes change an alias at the same time, one succeeds, and the other reports who it was.");
  table.Example("winnow registry promote spam 1.2.0 --registry registry --reason 'fewer false alarms'",
                "1.2.0 becomes the champion");
  table.Example("winnow registry promote spam @challenger --registry registry --expect 1.1.0",
                "the challenger becomes the champion, if that is still 1.1.0");
}

Result<void> Run(const RegistryPromoteOptions& options) {
  PromoteRequest request = options.request;
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  if (request.version == kRemove) {
    return PrintAlias(TRY(registry->RemoveAlias(request.name, request.alias, request.reason, request.expect)),
                      options.json);
  }
  if (request.version.starts_with('@')) request.version = TRY(registry->Show(request.name + request.version)).version;
  return PrintAlias(TRY(registry->Promote(request)), options.json);
}

}  // namespace

Command RegistryPromoteCommand() {
  return MakeCommand<RegistryPromoteOptions>("registry promote", "Makes an alias, such as champion, mean a version.",
                                             Describe, Run);
}

}  // namespace winnow
