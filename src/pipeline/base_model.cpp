#include "pipeline/base_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/progress.h"
#include "bundle/convert.h"
#include "bundle/known_models.h"
#include "bundle/load_check.h"
#include "bundle/pull.h"
#include "encoder/scratch.h"
#include "encoder/truncate_layers.h"
#include "text/folded_text.h"
#include "tokenize/wordpiece_trainer.h"

namespace winnow {
namespace {

/// What sentence-transformers says of a model's embeddings.
constexpr char kPoolingFile[] = "1_Pooling/config.json";
constexpr std::string_view kMeanKey = "pooling_mode_mean_tokens";

/// The labels of the data, and the dropout of the plan.
void Configure(const ModelPlan& plan, const Dataset& train, ModelConfig& config) {
  config.labels = train.labels.names;
  config.multi_label = train.multi_label;
  if (plan.dropout) config.hidden_dropout = config.embedding_dropout = static_cast<float>(*plan.dropout);
  if (plan.attention_dropout) config.attention_dropout = static_cast<float>(*plan.attention_dropout);
  if (plan.classifier_dropout) config.classifier_dropout = static_cast<float>(*plan.classifier_dropout);
}

/// Returns true unless sentence-transformers pools the outputs of the model in another way than by their mean.
bool PoolsByMean(const std::filesystem::path& directory) {
  const Result<std::string> text = ReadFile(directory / kPoolingFile);
  if (!text) return true;
  const Result<Json> json = ParseJson(*text, kPoolingFile);
  if (!json || !json->is_object()) return true;
  if (const Json* const mode = json->Find("pooling_mode")) return *mode == "mean";
  for (const auto& [key, value] : json->items()) {  // of earlier versions: one switch per kind
    if (key.starts_with("pooling_mode_") && value.is_boolean() && value.get<bool>() != (key == kMeanKey)) return false;
  }
  return true;
}

Result<BaseModel> FromScratch(const TrainingPlan& plan, const Dataset& train, TrainingObserver& observer) {
  const FoldedTexts read(TextViews(train), plan.model.fold_disguises);
  const std::vector<std::string> texts(read.texts().begin(), read.texts().end());
  Tokenizer tokenizer = TRY(TrainWordPiece(texts, {}));
  ModelConfig config = ScratchConfig(tokenizer.vocab_size(), plan.model.max_length);
  Configure(plan.model, train, config);
  observer.Note(fmt::format("new model: vocabulary of {} tokens learned from the texts, {} layers, hidden size {}",
                            FormatCount(tokenizer.vocab_size()), config.num_layers, config.hidden_size));
  return BaseModel{std::move(tokenizer), Model::Fresh(std::move(config), plan.seed), {}};
}

Result<BaseModel> LoadBaseModel(const TrainingPlan& plan, const Dataset& train, const std::filesystem::path& directory,
                                TrainingObserver& observer) {
  ModelConfig config = TRY(ReadModelConfig(directory));
  if (!config.labels.empty() && config.labels != train.labels.names && config.labels.size() == train.labels.size() &&
      !plan.model.reinit_head) {
    observer.Note(fmt::format(
        "the classification head of the base model is kept, and its {} labels are renamed to those of the data; "
        "use --reinit-head to train a new head",
        config.labels.size()));
  }
  Configure(plan.model, train, config);
  Tokenizer tokenizer = TRY(Tokenizer::Load(directory));
  Model model = TRY(
      Model::Load(directory, std::move(config),
                  {.reinit_head = plan.model.reinit_head, .create_head = true, .seed = plan.seed, .writable = true}));
  for (const std::string& note : model.notes()) observer.Note(note);
  if (plan.model.layers) model = TRY(TruncateLayers(model, *plan.model.layers));
  const std::vector<bool>& local_layers = model.config().local_layers;
  if (!local_layers.empty() && !GlobalLayerInterval(local_layers)) {
    observer.Note(
        "the layers with global attention follow no fixed interval: besides Winnow, only programs that read "
        "'layer_types' in config.json, such as transformers 5, can load this model");
  }
  if (plan.trainer.freeze == "encoder" && !PoolsByMean(directory)) {
    observer.Note(fmt::format(
        "according to {}, an embedding of the base model is not the mean over all tokens; embeddings of this model "
        "are, so they differ from those of the base model",
        kPoolingFile));
  }
  return BaseModel{std::move(tokenizer), std::move(model), directory};
}

/// Adds what to train in place of a base model that cannot be had: those in the cache, and models that need none.
Error WithAlternatives(Error error) {
  if ((error.code != ErrorCode::kNetwork && error.code != ErrorCode::kNotFound) || error.hint.empty()) return error;
  std::vector<std::string> cached;
  for (const KnownModel& known : KnownModels()) {
    const std::string name(known.aliases[0]);
    const auto found = FindInCache(name, PullOptions::FromEnvironment());
    if (found && *found) cached.push_back("--base-model " + name);
  }
  if (!cached.empty()) error.hint += fmt::format("; the cache contains: {}", fmt::join(cached, ", "));
  error.hint += "; no base model is needed for --kind lr and --base-model scratch";
  return error;
}

}  // namespace

Result<std::filesystem::path> PullForTraining(const std::string& name, TrainingObserver& observer) {
  Result<std::filesystem::path> directory = PullBaseModel(name, observer);
  if (!directory) return std::unexpected(WithAlternatives(directory.error()));
  return directory;
}

Result<std::filesystem::path> FindModel(const std::filesystem::path& name, TrainingObserver& observer) {
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  PullOptions pull = PullOptions::FromEnvironment();
  pull.note = [&](const std::string& line) { observer.Note(line); };
  if (std::optional<std::filesystem::path> cached = TRY(FindInCache(name.string(), pull))) return *std::move(cached);
  if (FindKnownModel(name.string()) == nullptr) return name;
  return Fail(ErrorCode::kNotFound,
              fmt::format("{}: no such directory, and the model of that name is not in the cache {}", name.string(),
                          pull.cache.string()),
              fmt::format("download the model with: winnow pull {}", name.string()));
}

Result<std::filesystem::path> PullBaseModel(const std::string& name, TrainingObserver& observer) {
  PullOptions pull = PullOptions::FromEnvironment();
  pull.progress = [&](std::string_view file, uint64_t done, uint64_t total) {
    if (!file.empty()) {  // else asking, not yet receiving
      observer.OnProgress("pull " + std::string(file), static_cast<int64_t>(done), static_cast<int64_t>(total));
    }
    return !observer.Cancelled();
  };
  pull.note = [&](const std::string& line) { observer.Note(line); };
  return ResolveBaseModel(name, pull);
}

Result<BaseModel> PrepareBaseModel(const TrainingPlan& plan, const Dataset& train, TrainingObserver& observer) {
  if (plan.model.base_model == "scratch") return FromScratch(plan, train, observer);
  const std::filesystem::path directory = TRY(PullForTraining(plan.model.base_model, observer));
  LoadCheck check = TRY(LoadCheck::Begin(directory, {kWeightsFile}));
  return check.Around([&] { return LoadBaseModel(plan, train, directory, observer); });
}

}  // namespace winnow
