#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "cli/registry_flat.h"
#include "cli/registry_options.h"

namespace winnow {
namespace {

struct RegistryPullOptions : RegistryCommandOptions {
  std::string spec;
  std::filesystem::path output;
  bool flat = false, overwrite = false;
};

void Describe(RegistryPullOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.spec, "NAME (its champion), NAME@ALIAS or NAME:VERSION")
      .ValueName("MODEL")
      .Required();
  AddRegistryOptions(options, table);
  table.Group("Output");
  table.Add("output", &options.output, "Directory to write; a model there is replaced in one step")
      .ValueName("DIR")
      .Short('o')
      .Required();
  table.Add("flat", &options.flat,
            "Write one directory without folders, as services that run ONNX files read it: model.onnx, model.onnx.data "
            "(if there is one), vocab.txt, tokenizer.json, model_metadata.json, labels.json, MODEL_VERSION.json. A "
            "version without ONNX files is exported first");
  AddOverwrite(options.overwrite, table);
  table.Describe(
      "Every file is checked against its digest. The directory contains either its former contents or the whole "
      "version, at every moment.");
  table.Example("winnow registry pull spam@champion --registry registry --output models/spam", "as a bundle");
  table.Example("winnow registry pull spam:1.2.0 --registry registry --output service/model --flat",
                "for a service that runs ONNX files");
}

Result<void> Run(const RegistryPullOptions& options) {
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const ModelVersion version = TRY(registry->Show(options.spec));
  TRY(options.flat ? PullFlat(*registry, version, options.output, options.overwrite)
                   : registry->Pull(version, options.output, options.overwrite));
  if (options.json) {
    return Print(DumpJsonLine({{"name", version.name},
                               {"version", version.version},
                               {"digest", version.digest},
                               {"directory", options.output.string()}}) +
                 "\n");
  }
  return Print(fmt::format("{} {}: {}\n", version.name, version.version, options.output.string()));
}

}  // namespace

Command RegistryPullCommand() {
  return MakeCommand<RegistryPullOptions>("registry pull", "Writes a version to a directory, checked and in one step.",
                                          Describe, Run);
}

}  // namespace winnow
