#include "cli/commands.h"
#include "cli/registry_options.h"

namespace winnow {
namespace {

struct RegistryRollbackOptions : RegistryCommandOptions {
  RollbackRequest request;
};

void Describe(RegistryRollbackOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.request.name, "The model").ValueName("NAME").Required();
  AddAliasOptions(options.request.alias, options.request.reason, table);
  AddRegistryChangeOptions(options, table);
  table.Describe(
      "The alias means again what it meant before its last change. The rollback is itself a change in the history, so "
      "that a second rollback undoes the first.");
  table.Example("winnow registry rollback spam --registry registry --reason complaints",
                "the former champion is the champion again");
}

Result<void> Run(const RegistryRollbackOptions& options) {
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  return PrintAlias(TRY(registry->Rollback(options.request)), options.json);
}

}  // namespace

Command RegistryRollbackCommand() {
  return MakeCommand<RegistryRollbackOptions>(
      "registry rollback", "Makes an alias mean what it meant before its last change.", Describe, Run);
}

}  // namespace winnow
