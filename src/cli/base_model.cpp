#include "cli/base_model.h"

#include <fmt/format.h>

#include <memory>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/pull.h"
#include "encoder/cut_layers.h"
#include "encoder/scratch.h"
#include "text/folded_text.h"
#include "tokenize/wordpiece_trainer.h"

namespace winnow {
namespace {

Result<StartingPoint> FromScratch(const TrainCommandOptions& options, const Dataset& train) {
  const FoldedTexts read(TextViews(train), options.fold_disguises);
  const std::vector<std::string> texts(read.texts().begin(), read.texts().end());
  Tokenizer tokenizer = TRY(TrainWordPiece(texts, {}));
  ModelConfig config = ScratchConfig(tokenizer.vocab_size(), options.max_length);
  config.labels = train.labels.names;
  config.multi_label = train.multi_label;
  if (options.dropout) config.hidden_dropout = static_cast<float>(*options.dropout);
  if (options.classifier_dropout) config.classifier_dropout = static_cast<float>(*options.classifier_dropout);
  LogInfo("a new model: {} pieces learnt from the texts, {} layers of {}", FormatCount(tokenizer.vocab_size()),
          config.num_layers, config.hidden_size);
  return StartingPoint{std::move(tokenizer), Model::Fresh(std::move(config), options.seed), {}};
}

}  // namespace

Result<std::filesystem::path> PullWithProgress(const std::string& name) {
  PullOptions pull = PullOptions::FromEnvironment();
  std::unique_ptr<ProgressBar> bar;
  std::string current;
  pull.progress = [&](std::string_view file, uint64_t done, uint64_t total) {
    if (file.empty()) return !Interrupted();  // asking, not yet receiving
    if (!bar || current != file) {
      if (bar) bar->Finish();
      current = file;
      bar = std::make_unique<ProgressBar>("pull " + current, static_cast<int64_t>(total));
    }
    bar->SetTotal(static_cast<int64_t>(total));
    bar->Set(static_cast<int64_t>(done));
    return !Interrupted();
  };
  pull.note = [](const std::string& line) { LogInfo("{}", line); };
  auto directory = ResolveBaseModel(name, pull);
  if (bar && directory) bar->Finish();
  return directory;
}

Result<StartingPoint> PrepareBaseModel(const TrainCommandOptions& options, const Dataset& train) {
  if (options.base_model == "scratch") return FromScratch(options, train);
  const std::filesystem::path directory = TRY(PullWithProgress(options.base_model));
  ModelConfig config = TRY(ReadModelConfig(directory));
  if (!config.labels.empty() && config.labels != train.labels.names && config.labels.size() == train.labels.size() &&
      !options.reinit_head) {
    LogInfo(
        "the base model's classification head is kept, its {} labels renamed to the data's; --reinit-head trains a new "
        "one",
        config.labels.size());
  }
  config.labels = train.labels.names;
  config.multi_label = train.multi_label;
  if (options.dropout) config.hidden_dropout = static_cast<float>(*options.dropout);
  if (options.classifier_dropout) config.classifier_dropout = static_cast<float>(*options.classifier_dropout);
  Tokenizer tokenizer = TRY(Tokenizer::Load(directory));
  Model model = TRY(
      Model::Load(directory, std::move(config),
                  {.reinit_head = options.reinit_head, .create_head = true, .seed = options.seed, .writable = true}));
  for (const std::string& note : model.notes()) LogInfo("{}", note);
  if (options.layers) model = TRY(CutLayers(model, *options.layers));
  return StartingPoint{std::move(tokenizer), std::move(model), directory};
}

}  // namespace winnow
