#include "pipeline/trainer_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_or_null.h"
#include "base/machine.h"
#include "base/parse_number.h"
#include "bundle/manifest.h"
#include "evaluate/metrics.h"
#include "pipeline/training_duration.h"
#include "pipeline/training_profile.h"
#include "train/checkpoint.h"
#include "train/class_weights.h"

namespace winnow {
namespace {

/// --freeze: how many depths of weights stay as they are.
Result<int> FrozenDepths(const std::string& freeze, int num_layers) {
  if (freeze.empty()) return 0;
  if (freeze == "embeddings") return 1;
  if (freeze == "encoder") return num_layers + 1;
  const int layers = ParseNumber<int>(freeze).value_or(-1);
  if (layers < 0 || layers > num_layers) {
    return Fail(ErrorCode::kInvalidArgument, "--freeze: '" + freeze + "' is not one of encoder, embeddings, 0 to " +
                                                 std::to_string(num_layers) + " layers");
  }
  return layers == 0 ? 0 : layers + 1;
}

Schedule ScheduleOf(const std::string& name) {
  return name == "cosine"                 ? Schedule::kCosine
         : name == "cosine_with_restarts" ? Schedule::kCosineRestarts
         : name == "constant"             ? Schedule::kConstant
                                          : Schedule::kLinear;
}

}  // namespace

Result<Precision> PrecisionOf(const TrainingPlan& plan, TrainingObserver& observer) {
  std::string name = plan.trainer.precision;
  if (name == "auto" && plan.output.resume) {
    const auto checkpoint = NewestCheckpoint(plan.output.dir, [](const std::string&) {});
    const Json* const kept = checkpoint ? checkpoint->run.Find("precision") : nullptr;
    if (kept != nullptr && kept->is_string()) name = kept->str();
  }
  if (name == "auto") return FastestPrecision(observer);
  const Precision precision = name == NameOf(Precision::kBf16) ? Precision::kBf16 : Precision::kF32;
  if (IsSupported(precision)) return precision;
  if (plan.trainer.any_precision) {
    observer.Warn(fmt::format("the model was trained with --precision {}, which this CPU does not support: {} is used",
                              name, NameOf(Precision::kF32)));
    return Precision::kF32;
  }
  return Fail(ErrorCode::kUnsupported,
              "--precision " + name + ": this CPU (" + CpuExtensions() + ") does not support it",
              "use --precision f32");
}

Result<TrainerOptions> ToTrainerOptions(const TrainingPlan& plan, const TextSet& train, int num_layers,
                                        int32_t positive_label, TrainingObserver& observer) {
  const TrainerPlan& given = plan.trainer;
  const bool scratch = plan.model.base_model == "scratch";
  TrainerOptions trainer;
  trainer.frozen_depths = TRY(FrozenDepths(given.freeze, num_layers));
  const bool head_alone = trainer.frozen_depths > num_layers;  // whose epochs take little, and which has far to go
  const int usual_epochs = head_alone ? 20 : scratch ? 12 : 3;
  trainer.batch_size = given.batch_size;
  trainer.batch_tokens = given.batch_tokens;
  trainer.accumulation = given.accumulation;
  trainer.lr = given.lr.value_or(scratch ? 1e-3 : head_alone ? 1e-4 : 2e-5);
  trainer.schedule = ScheduleOf(given.lr_scheduler);
  trainer.num_cycles = given.num_cycles;
  trainer.warmup_steps = given.warmup_steps;
  trainer.warmup_ratio = given.warmup_ratio;
  trainer.head_lr_factor = given.head_lr_factor;
  trainer.weight_decay = given.weight_decay;
  trainer.max_grad_norm = given.max_grad_norm;
  trainer.layer_lr_decay = given.layer_lr_decay;
  trainer.gradient_checkpointing = given.gradient_checkpointing;
  trainer.precision = TRY(PrecisionOf(plan, observer));
  trainer.meter_products = given.profile;
  if (given.class_weights == "balanced" && given.label_weights.empty()) {
    if (train.multi_label) {
      trainer.loss.pos_weights = BalancedPosWeights(train);
    } else {
      trainer.loss.class_weights = BalancedClassWeights(train.labels, train.num_labels);
    }
  }
  trainer.loss.label_smoothing = given.label_smoothing;
  trainer.eval_batch_size = given.eval_batch_size;
  trainer.eval_steps = given.eval_steps;
  trainer.save_steps = given.save_steps;
  trainer.patience = given.early_stopping_patience;
  trainer.metric = std::string(CanonicalMetricName(given.metric).value_or(given.metric));
  trainer.positive_label = positive_label;
  trainer.seed = plan.seed;
  TRY(SetDuration(given, usual_epochs, train, trainer, observer));
  return trainer;
}

Json Hyperparameters(const TrainingPlan& plan, const TrainerOptions& trainer, int max_length) {
  Json json = {{"epochs", trainer.epochs},
               {"batch_size", trainer.batch_size},
               {"batch_tokens", trainer.batch_tokens},
               {"gradient_accumulation_steps", trainer.accumulation},
               {"learning_rate", trainer.lr},
               {"head_lr_factor", trainer.head_lr_factor},
               {"layer_lr_decay", trainer.layer_lr_decay},
               {"lr_scheduler", plan.trainer.lr_scheduler},
               {"num_cycles", trainer.num_cycles},
               {"warmup_steps", OrNull(trainer.warmup_steps)},
               {"warmup_ratio", trainer.warmup_ratio},
               {"weight_decay", trainer.weight_decay},
               {"max_grad_norm", trainer.max_grad_norm},
               {"class_weights", plan.trainer.class_weights == "balanced" ? "balanced" : "none"},
               {"label_smoothing", trainer.loss.label_smoothing},
               {"freeze", plan.trainer.freeze},
               {"metric", trainer.metric},
               {"eval_steps", trainer.eval_steps},
               {"save_steps", trainer.save_steps},
               {"early_stopping_patience", trainer.patience},
               {"max_length", max_length},
               {"precision", NameOf(trainer.precision)},
               {"seed", trainer.seed}};
  if (!plan.trainer.label_weights.empty()) json["class_weights"] = plan.trainer.label_weights;
  if (trainer.max_steps > 0) json["max_steps"] = trainer.max_steps;
  if (plan.model.layers) json["layers"] = *plan.model.layers;
  if (plan.model.long_text != LongText::kHead) json["long_text"] = NameOf(plan.model.long_text);
  if (plan.model.fold_disguises) json["fold_disguises"] = true;
  if (plan.distillation.teacher) {
    json["teacher"] = plan.distillation.teacher->string();
    json["distil_temperature"] = plan.distillation.temperature;
    json["distil_weight"] = plan.distillation.weight;
  }
  return json;
}

}  // namespace winnow
