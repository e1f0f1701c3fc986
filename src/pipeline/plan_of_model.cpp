#include "pipeline/plan_of_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/json_or_null.h"
#include "base/json_strings.h"
#include "base/option_values.h"
#include "bundle/labels.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/training_info.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Typed reading of hyperparameters by name. Null, an empty string and what is missing mean the default.
class HyperparameterReader {
 public:
  explicit HyperparameterReader(const Json& values) : values_(values) {}

  template <typename T>
  Result<void> Read(const char* name, T& field) const {
    const Json* const value = values_.Find(name);
    if (value == nullptr || value->is_null() || value->is_structured()) return {};
    const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
    if (text.empty()) return {};
    const Result<void> parsed = ParseOptionValue(text, field);
    if (parsed) return {};
    return Fail(parsed.error().code, fmt::format("{}: '{}' {}", name, text, parsed.error().message),
                parsed.error().hint);
  }

  /// Reads class weights: "balanced" and the like, or the weights of labels.
  Result<void> ReadClassWeights(TrainerPlan& trainer) const {
    constexpr char kName[] = "class_weights";
    if (const Json* const value = values_.Find(kName); value != nullptr && value->is_object()) {
      trainer.label_weights = TRY(LabelWeightsOf(*value, kName, ErrorCode::kInvalidModel));
    }
    return Read(kName, trainer.class_weights);
  }

  /// Reads a list of texts.
  void Read(const char* name, std::vector<std::string>& field) const {
    const Json* const value = values_.Find(name);
    if (value == nullptr || !value->is_array()) return;
    field = StringsAmong(*value);
  }

 private:
  const Json& values_;
};

Result<void> ReadTrainer(const HyperparameterReader& values, TrainerPlan& trainer) {
  TRY(values.Read("epochs", trainer.epochs));
  TRY(values.Read("max_steps", trainer.max_steps));
  TRY(values.Read("batch_size", trainer.batch_size));
  TRY(values.Read("batch_tokens", trainer.batch_tokens));
  TRY(values.Read("gradient_accumulation_steps", trainer.accumulation));
  TRY(values.Read("learning_rate", trainer.lr));
  TRY(values.Read("head_lr_factor", trainer.head_lr_factor));
  TRY(values.Read("layer_lr_decay", trainer.layer_lr_decay));
  TRY(values.Read("lr_scheduler", trainer.lr_scheduler));
  TRY(values.Read("num_cycles", trainer.num_cycles));
  TRY(values.Read("warmup_steps", trainer.warmup_steps));
  if (!trainer.warmup_steps) TRY(values.Read("warmup_ratio", trainer.warmup_ratio));  // two ways to say one thing
  TRY(values.Read("weight_decay", trainer.weight_decay));
  TRY(values.Read("max_grad_norm", trainer.max_grad_norm));
  TRY(values.ReadClassWeights(trainer));
  TRY(values.Read("label_smoothing", trainer.label_smoothing));
  TRY(values.Read("freeze", trainer.freeze));
  TRY(values.Read("metric", trainer.metric));
  TRY(values.Read("precision", trainer.precision));
  TRY(values.Read("eval_steps", trainer.eval_steps));
  TRY(values.Read("save_steps", trainer.save_steps));
  return values.Read("early_stopping_patience", trainer.early_stopping_patience);
}

Result<void> ReadLinear(const HyperparameterReader& values, LinearPlan& linear) {
  TRY(values.Read("C", linear.C));
  TRY(values.Read("analyzer", linear.analyzer));
  TRY(values.Read("ngrams", linear.ngrams));
  TRY(values.Read("char_ngrams", linear.char_ngrams));
  TRY(values.Read("max_features", linear.max_features));
  TRY(values.Read("sublinear", linear.sublinear));
  TRY(values.Read("platt", linear.platt));
  return values.Read("one_vs_rest", linear.one_vs_rest);
}

Result<void> ReadAugmentation(const HyperparameterReader& values, DataPlan& data) {
  std::optional<int> variants;
  TRY(values.Read("augment_variants", variants));
  if (variants) {
    data.augment = true;
    data.augment_variants = *variants;
  }
  data.synthetic_share = 0;  // a training without them has no such hyperparameter
  TRY(values.Read("synthetic_share", data.synthetic_share));
  return values.Read("synthetic_grammar", data.synthetic_grammar);
}

Result<void> ReadHyperparameters(const Json& json, TrainingPlan& plan) {
  const HyperparameterReader values(json);
  TRY(ReadTrainer(values, plan.trainer));
  TRY(ReadLinear(values, plan.linear));
  TRY(ReadAugmentation(values, plan.data));
  TRY(values.Read("max_length", plan.model.max_length));
  TRY(values.Read("layers", plan.model.layers));
  TRY(values.Read("teacher", plan.distillation.teacher));
  TRY(values.Read("distil_temperature", plan.distillation.temperature));
  TRY(values.Read("distil_weight", plan.distillation.weight));
  TRY(values.Read("seed", plan.seed));
  return CheckPlan(plan);
}

/// Share of the texts of the data that chose the best epoch.
double ValidationSize(const TrainingInfo& info, double otherwise) {
  const auto validation = static_cast<double>(info.validation_count);
  const size_t train = info.sample_count - std::min(info.added_count, info.sample_count);
  const double all = static_cast<double>(train) + validation + static_cast<double>(info.test_count);
  return validation > 0 ? std::clamp(validation / all, 0.02, 0.5) : otherwise;
}

constexpr auto kCalibrationNames =
    std::to_array<std::pair<CalibrationChoice, const char*>>({{CalibrationChoice::kTemperature, "temperature"},
                                                              {CalibrationChoice::kVector, "vector"},
                                                              {CalibrationChoice::kIsotonic, "isotonic"},
                                                              {CalibrationChoice::kNone, "none"},
                                                              {CalibrationChoice::kKeep, "keep"}});

constexpr auto kUnknownLabelsNames = std::to_array<std::pair<UnknownLabels, const char*>>(
    {{UnknownLabels::kError, "error"}, {UnknownLabels::kRefuse, "refuse"}, {UnknownLabels::kDrop, "drop"}});

/// Reads a value that is not given if it is null or missing.
template <typename T>
Result<void> ReadGiven(const HyperparameterReader& values, const char* name, std::optional<T>& field) {
  field.reset();
  return values.Read(name, field);
}

Result<void> ReadDataConfiguration(const HyperparameterReader& values, const fs::path& bundle, DataPlan& data) {
  TRY(values.Read("test_size", data.test_size));
  TRY(values.Read("validation_size", data.validation_size));
  TRY(values.Read("min_class_texts", data.min_class_texts));
  TRY(values.Read("problem_type", data.reading.problem_type));
  TRY(values.Read("text_field", data.reading.text_field));
  values.Read("label_field", data.reading.label_field);
  values.Read("filter", data.reading.filter);
  std::string unknown;
  TRY(values.Read("unknown_labels", unknown));
  for (const auto& [choice, name] : kUnknownLabelsNames) {
    if (unknown == name) data.reading.unknown_labels = choice;
  }
  TRY(values.Read("augment", data.augment));
  TRY(values.Read("synthetic", data.synthetic));
  TRY(ReadGiven(values, "synthetic_share", data.synthetic_share));
  bool labels_given = false;
  TRY(values.Read("labels_given", labels_given));
  if (labels_given) data.labels = {(bundle / kLabelsFile).string()};
  return {};
}

Result<void> ReadCalibrationConfiguration(const HyperparameterReader& values, CalibrationPlan& calibration) {
  std::string name;
  TRY(values.Read("calibration", name));
  for (const auto& [choice, of_choice] : kCalibrationNames) {
    if (name == of_choice) calibration.calibration = choice;
  }
  TRY(ReadGiven(values, "max_fpr", calibration.max_fpr));
  TRY(ReadGiven(values, "max_error", calibration.max_error));
  TRY(values.Read("confidence", calibration.confidence));
  return ReadGiven(values, "tune_thresholds", calibration.tune_thresholds);
}

Result<void> ReadConfiguration(const Json& json, const fs::path& bundle, TrainingPlan& plan) {
  const HyperparameterReader values(json);
  TRY(ReadDataConfiguration(values, bundle, plan.data));
  TRY(values.Read("keep_data", plan.output.keep_data));
  TrainerPlan& trainer = plan.trainer;
  TRY(ReadGiven(values, "epochs", trainer.epochs));
  TRY(ReadGiven(values, "max_steps", trainer.max_steps));
  TRY(ReadGiven(values, "learning_rate", trainer.lr));
  TRY(ReadGiven(values, "warmup_steps", trainer.warmup_steps));
  TRY(values.Read("eval_steps", trainer.eval_steps));
  TRY(values.Read("save_steps", trainer.save_steps));
  TRY(values.ReadClassWeights(trainer));
  TRY(values.Read("scaled_epochs", trainer.scaled.epochs));
  TRY(values.Read("scaled_eval_steps", trainer.scaled.eval_steps));
  TRY(values.Read("scaled_save_steps", trainer.scaled.save_steps));
  TRY(values.Read("scaled_warmup_steps", trainer.scaled.warmup_steps));
  LinearPlan& linear = plan.linear;
  TRY(ReadGiven(values, "C", linear.C));
  TRY(ReadGiven(values, "platt", linear.platt));
  linear.one_vs_rest = false;
  TRY(values.Read("one_vs_rest", linear.one_vs_rest));
  TRY(ReadCalibrationConfiguration(values, plan.calibration));
  return CheckPlan(plan);
}

/// What no hyperparameter tells: files, and what a training of the model takes.
Result<void> ReadFilesAndMemory(const Json& configuration, TrainingPlan& plan) {
  if (!configuration.is_object()) return {};
  TRY(HyperparameterReader(configuration).Read("gradient_checkpointing", plan.trainer.gradient_checkpointing));
  if (!plan.distillation.teacher) return {};
  std::vector<std::string> unlabelled;
  HyperparameterReader(configuration).Read("unlabelled", unlabelled);
  plan.distillation.unlabelled.assign(unlabelled.begin(), unlabelled.end());
  return {};
}

}  // namespace

CalibrationPlan CalibrationPlanOf(const Manifest& manifest) {
  CalibrationPlan plan;
  if (manifest.calibration) {
    const Calibration& calibration = manifest.calibration->calibration;
    plan.calibration = calibration.method == CalibrationMethod::kVector     ? CalibrationChoice::kVector
                       : calibration.method == CalibrationMethod::kIsotonic ? CalibrationChoice::kIsotonic
                       : manifest.calibration->texts == 0                   ? CalibrationChoice::kNone
                                                                            : CalibrationChoice::kTemperature;
  }
  if (const auto& guarantee = manifest.thresholds.guarantee) {
    plan.max_fpr = guarantee->max_fpr;
    plan.confidence = guarantee->confidence;
  } else {
    plan.tune_thresholds = !manifest.thresholds.labels.empty();
  }
  return plan;
}

Json ConfigurationOf(const TrainingPlan& plan) {
  const DataPlan& data = plan.data;
  const TrainerPlan& trainer = plan.trainer;
  const CalibrationPlan& calibration = plan.calibration;
  Json json = {
      {"test_size", data.test_size},
      {"validation_size", data.validation_size},
      {"min_class_texts", data.min_class_texts},
      {"problem_type", data.reading.problem_type},
      {"text_field", data.reading.template_text.empty() ? data.reading.text_field : ""},
      {"label_field", data.reading.label_field},
      {"filter", data.reading.filter},
      {"augment", data.augment},
      {"synthetic", data.synthetic},
      {"synthetic_share", OrNull(data.synthetic_share)},
      {"labels_given", !data.labels.empty()},
      {"keep_data", plan.output.keep_data},
      {"class_weights", trainer.label_weights.empty() ? Json(trainer.class_weights) : Json(trainer.label_weights)}};
  if (plan.model.transformer()) {
    json.update({{"epochs", OrNull(trainer.epochs)},
                 {"max_steps", OrNull(trainer.max_steps)},
                 {"learning_rate", OrNull(trainer.lr)},
                 {"warmup_steps", OrNull(trainer.warmup_steps)},
                 {"eval_steps", trainer.eval_steps},
                 {"save_steps", trainer.save_steps},
                 {"gradient_checkpointing", trainer.gradient_checkpointing},
                 {"scaled_epochs", trainer.scaled.epochs},
                 {"scaled_eval_steps", trainer.scaled.eval_steps},
                 {"scaled_save_steps", trainer.scaled.save_steps},
                 {"scaled_warmup_steps", trainer.scaled.warmup_steps}});
    for (const fs::path& file : plan.distillation.unlabelled) json["unlabelled"].push_back(file.string());
  } else {
    json.update(
        {{"C", OrNull(plan.linear.C)}, {"platt", OrNull(plan.linear.platt)}, {"one_vs_rest", plan.linear.one_vs_rest}});
  }
  for (const auto& [choice, name] : kUnknownLabelsNames) {
    if (choice == data.reading.unknown_labels) json["unknown_labels"] = name;
  }
  for (const auto& [choice, name] : kCalibrationNames) {
    if (choice == calibration.calibration) json["calibration"] = name;
  }
  json.update({{"max_fpr", OrNull(calibration.max_fpr)},
               {"max_error", OrNull(calibration.max_error)},
               {"confidence", calibration.confidence},
               {"tune_thresholds", OrNull(calibration.tune_thresholds)}});
  return json;
}

Result<RetrainingPlan> RetrainingPlanOf(const fs::path& bundle) {
  RetrainingPlan retraining{.plan = TRY(PlanOfModel(bundle)), .exact = true};
  const TrainingInfo info = TRY(ReadTrainingInfo(bundle));
  retraining.exact = info.configuration.is_object();
  if (!retraining.exact) return retraining;
  if (const auto read = ReadConfiguration(info.configuration, bundle, retraining.plan); !read) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: configuration: {}", (bundle / kTrainingInfoFile).string(), read.error().message),
                read.error().hint);
  }
  return retraining;
}

Result<TrainingPlan> PlanOfModel(const fs::path& bundle) {
  constexpr char kAdvice[] = "specify the configuration: winnow train DATA --folds K --base-model NAME ...";
  const Manifest manifest = TRY(ReadManifest(bundle));
  const std::string file = (bundle / kTrainingInfoFile).string();
  TRY(CheckFiles(bundle, {kTrainingInfoFile}));
  const Result<TrainingInfo> info = ReadTrainingInfo(bundle);
  if (!info && info.error().code == ErrorCode::kInvalidModel) return std::unexpected(info.error());
  if (!info) {
    return Fail(ErrorCode::kNotFound, file + ": cannot be read, so the configuration of the training is unknown",
                kAdvice);
  }
  if (info->base_model_id.empty() || info->hyperparameters.is_null()) {
    return Fail(ErrorCode::kInvalidModel, file + ": base_model_id or hyperparameters are missing", kAdvice);
  }
  TrainingPlan plan;
  if (const auto read = ReadHyperparameters(info->hyperparameters, plan); !read) {
    return Fail(ErrorCode::kInvalidModel, file + ": hyperparameters: " + read.error().message, read.error().hint);
  }
  if (const auto read = ReadFilesAndMemory(info->configuration, plan); !read) {
    return Fail(ErrorCode::kInvalidModel, file + ": configuration: " + read.error().message, read.error().hint);
  }
  plan.trainer.idle_patience = true;  // the training was not refused either: a preset may have set the patience
  plan.trainer.any_precision = true;  // the training was on another CPU
  plan.data.validation_size = ValidationSize(*info, plan.data.validation_size);
  plan.data.reading.template_text = manifest.text_template;
  for (const auto& [from, to] : manifest.label_map) plan.data.label_map.push_back(from + "=" + to);
  plan.data.positive_label = manifest.positive_label;
  plan.model.kind = manifest.kind;
  plan.model.long_text = manifest.long_text;
  plan.model.fold_disguises = manifest.fold_disguises;
  plan.calibration = CalibrationPlanOf(manifest);
  if (!plan.model.transformer()) return plan;
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  plan.model.base_model = info->base_model_id;
  plan.model.reinit_head = true;  // of another size alone, which the training must have had done
  plan.model.dropout = static_cast<double>(config.hidden_dropout);
  plan.model.attention_dropout = static_cast<double>(config.attention_dropout);
  plan.model.classifier_dropout = static_cast<double>(config.classifier_dropout);
  return plan;
}

}  // namespace winnow
