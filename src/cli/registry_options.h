/// What the commands of `winnow registry` share.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "registry/registry.h"

namespace winnow {

/// Where a registry is.
struct RegistryPlaceOptions {
  std::string registry, artifacts;
};

struct RegistryCommandOptions : CommonOptions {
  RegistryPlaceOptions place;
  std::string actor;
};

/// Adds --registry and --artifacts.
Option& AddRegistryPlace(RegistryPlaceOptions& place, OptionTable& table);
/// Adds --registry and --artifacts, which are required, for commands that read.
void AddRegistryOptions(RegistryCommandOptions& options, OptionTable& table);
/// Adds --registry and --artifacts, which are required, and --actor, for commands that change something.
void AddRegistryChangeOptions(RegistryCommandOptions& options, OptionTable& table);
/// Adds --alias and --reason of a command that changes an alias.
void AddAliasOptions(std::string& alias, std::string& reason, OptionTable& table);

/// Opens the registry; transfers show their progress. Errors: Registry::Open's.
Result<std::unique_ptr<Registry>> OpenRegistry(const RegistryCommandOptions& options, bool create = false);

/// Returns "1.2 MB".
std::string SizeText(uint64_t bytes);
/// Prints a change of an alias, as a line or a document.
Result<void> PrintAlias(const AliasChanged& change, bool json);

}  // namespace winnow
