#include <fmt/format.h>

#include <map>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "registry/registry_json.h"

namespace winnow {
namespace {

struct RegistryPushOptions : RegistryCommandOptions {
  PushRequest request;
  std::string bump = "none";
};

const std::map<std::string, Bump>& Bumps() {
  static const std::map<std::string, Bump> bumps = {{"none", Bump::kNone},
                                                    {"auto", Bump::kAuto},
                                                    {"major", Bump::kMajor},
                                                    {"minor", Bump::kMinor},
                                                    {"patch", Bump::kPatch}};
  return bumps;
}

void Describe(RegistryPushOptions& options, OptionTable& table) {
  table
      .AddPositional("bundle", &options.request.bundle,
                     "Directory of a model: a Winnow bundle, or a classifier as Hugging Face's tools save it")
      .ValueName("BUNDLE")
      .Required();
  AddRegistryChangeOptions(options, table);
  table.Group("Version");
  table.Add("name", &options.request.name, "Name of the model in the registry")
      .ValueName("NAME")
      .Default("that of the bundle");
  table
      .Add("bump", &options.bump,
           "The version. none: that of the bundle; major, minor, patch: the next one after the highest version in the "
           "registry; auto: the next major version if the architecture or the labels differ from those of the highest "
           "version, otherwise the next minor version")
      .OneOf({"none", "auto", "major", "minor", "patch"});
  table.Add("alias", &options.request.alias, "An alias that means the version afterwards: champion, challenger")
      .ValueName("ALIAS");
  table.Add("reason", &options.request.reason, "Reason for the change of the alias, for the history").ValueName("TEXT");
  table.Group("Provenance");
  table.Add("parent", &options.request.parent, "The version that this one was made from").ValueName("VERSION");
  table.Add("command", &options.request.command, "The command that made the model").ValueName("TEXT");
  table.Describe(
      "Verifies the bundle and stores its files; the version can be seen when all of them are stored. A version never "
      "changes: pushing the same contents again is success, other contents under the same version are refused. With "
      "--bump, contents that the registry has under any version are not stored again. Checkpoints and files that the "
      "manifest does not list are not pushed. The bundle itself is not changed.");
  table.Describe(
      "A directory without winnow.json gets one in the registry, and a version by --bump auto. The command prints the "
      "name and the version.");
  table.Example("winnow registry push spam --registry registry", "spam 1.0.0, in a new registry in a directory");
  table.Example("winnow registry push spam --registry registry --bump auto --alias challenger",
                "the next version, to be compared with the champion");
}

Result<void> Run(const RegistryPushOptions& options) {
  PushRequest request = options.request;
  request.bump = Bumps().at(options.bump);
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options, /*create=*/true));
  const Pushed pushed = TRY(registry->Push(request));
  const ModelVersion& version = pushed.version;
  if (options.json) {
    Json json = WholeVersionJson(version, TRY(registry->Aliases(version.name)));
    json["added"] = pushed.added;
    return Print(DumpJsonLine(json) + "\n");
  }
  TRY(Print(pushed.added
                ? fmt::format("{} {}: pushed {} files, {}\n", version.name, version.version, version.files.size(),
                              SizeText(version.bytes))
                : fmt::format("{} {}: these contents are in the registry already\n", version.name, version.version)));
  return pushed.alias ? PrintAlias(*pushed.alias, false) : Result<void>();
}

}  // namespace

Command RegistryPushCommand() {
  return MakeCommand<RegistryPushOptions>("registry push", "Stores a model as a version that never changes.", Describe,
                                          Run);
}

}  // namespace winnow
