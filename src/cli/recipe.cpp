#include "cli/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The hyperparameters that are options of `winnow train`, as if typed. What an empty or absent value says is the
/// default.
std::vector<std::string> ArgumentsOf(const Json& hyperparameters, const OptionTable& table) {
  std::vector<std::string> arguments;
  const bool by_steps = hyperparameters.contains("warmup_steps") && !hyperparameters["warmup_steps"].is_null();
  for (const auto& [name, value] : hyperparameters.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_null() || value.is_structured() || text.empty() || table.Find(name) == nullptr) continue;
    if (name == "warmup_ratio" && by_steps) continue;  // two ways to say one thing
    arguments.push_back(fmt::format("--{}={}", name, text));
  }
  return arguments;
}

/// Share of the texts that chose the best epoch.
double ValidationSize(const JsonObject& info, double otherwise) {
  const auto count = [&](const char* name) {
    const auto value = info.Integer(name);
    return static_cast<double>(value ? std::max<int64_t>(value->value_or(0), 0) : 0);
  };
  const double validation = count("validation_count");
  const double all = count("sample_count") + validation + count("test_count");
  return validation > 0 ? std::clamp(validation / all, 0.02, 0.5) : otherwise;
}

}  // namespace

Result<TrainCommandOptions> RecipeOf(const fs::path& bundle) {
  const Manifest manifest = TRY(ReadManifest(bundle));
  const bool transformer = manifest.kind == "transformer";
  const fs::path file = bundle / "training_info.json";
  const Result<std::string> text = ReadFile(file);
  if (!text) {
    return Fail(ErrorCode::kNotFound, file.string() + ": can't be read, so how the model was trained is not known",
                "give the recipe yourself: winnow train DATA --folds K --base-model NAME ...");
  }
  const Json document = TRY(ParseJson(*text, file.string(), ErrorCode::kInvalidModel));
  const JsonObject info = TRY(JsonObject::Of(document, file.string(), ErrorCode::kInvalidModel));
  const std::optional<std::string> base_model = TRY(info.String("base_model_id"));
  if (!base_model || base_model->empty() || !document.contains("hyperparameters") ||
      !document["hyperparameters"].is_object()) {
    return Fail(ErrorCode::kInvalidModel, file.string() + ": has no base_model_id or no hyperparameters",
                "give the recipe yourself: winnow train DATA --folds K --base-model NAME ...");
  }
  TrainCommandOptions recipe;
  OptionTable table("train", "");
  AddTrainOptions(recipe, table);
  const OptionSources nothing_else{.environment = [](const std::string&) { return std::nullopt; },
                                   .preset_directories = std::vector<fs::path>()};
  if (const auto parsed = table.Parse(ArgumentsOf(document["hyperparameters"], table), nothing_else); !parsed) {
    return Fail(ErrorCode::kInvalidModel, file.string() + ": hyperparameters: " + parsed.error().message,
                parsed.error().hint);
  }
  recipe.kind = manifest.kind;
  recipe.validation_size = ValidationSize(info, recipe.validation_size);
  recipe.template_text = manifest.text_template;
  recipe.long_text = manifest.long_text;
  recipe.fold_disguises = manifest.fold_disguises;
  for (const auto& [from, to] : manifest.label_map) recipe.label_map.push_back(from + "=" + to);
  recipe.positive_label = manifest.positive_label;
  if (manifest.calibration) {
    const Calibration& calibration = manifest.calibration->calibration;
    recipe.calibrating.calibration = calibration.method == CalibrationMethod::kVector     ? CalibrationChoice::kVector
                                     : calibration.method == CalibrationMethod::kIsotonic ? CalibrationChoice::kIsotonic
                                     : manifest.calibration->texts == 0                   ? CalibrationChoice::kNone
                                                                        : CalibrationChoice::kTemperature;
  }
  if (const auto& promise = manifest.thresholds.promise) {
    recipe.calibrating.max_fpr = promise->max_fpr;
    recipe.calibrating.confidence = promise->confidence;
  } else {
    recipe.tune_thresholds = !manifest.thresholds.labels.empty();
  }
  if (!transformer) return recipe;
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  recipe.base_model = *base_model;
  recipe.reinit_head = true;  // of another size alone, which the training must have had done
  recipe.dropout = static_cast<double>(config.hidden_dropout);
  recipe.classifier_dropout = static_cast<double>(config.classifier_dropout);
  return recipe;
}

}  // namespace winnow
