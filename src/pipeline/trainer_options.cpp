#include "pipeline/trainer_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/machine.h"
#include "bundle/manifest.h"
#include "pipeline/training_profile.h"
#include "train/checkpoint.h"
#include "train/class_weights.h"

namespace winnow {
namespace {

/// `usual` passes, but over a few hundred texts so many that the model moves away from where it began: about 200 steps.
int DefaultEpochs(int usual, size_t texts, int batch_size) {
  const int steps = static_cast<int>((texts + static_cast<size_t>(batch_size) - 1) / static_cast<size_t>(batch_size));
  return std::max(usual, std::min(20, (200 + steps - 1) / std::max(steps, 1)));
}

/// --freeze: how many depths of weights stay as they are.
Result<int> FrozenDepths(const std::string& freeze, int num_layers) {
  if (freeze.empty()) return 0;
  if (freeze == "embeddings") return 1;
  if (freeze == "encoder") return num_layers + 1;
  int layers = -1;
  const char* end = freeze.data() + freeze.size();
  if (std::from_chars(freeze.data(), end, layers).ptr != end || layers < 0 || layers > num_layers) {
    return Fail(ErrorCode::kInvalidArgument, "--freeze: '" + freeze + "' is not one of encoder, embeddings, 0 to " +
                                                 std::to_string(num_layers) + " layers");
  }
  return layers == 0 ? 0 : layers + 1;
}

/// --precision. A training that is gone on with keeps its checkpoint's.
Result<Precision> PrecisionOf(const TrainingPlan& plan, TrainingObserver& observer) {
  std::string name = plan.trainer.precision;
  if (name == "auto" && plan.output.resume) {
    const auto checkpoint = NewestCheckpoint(plan.output.dir, [](const std::string&) {});
    if (checkpoint) name = checkpoint->run.value("precision", name);
  }
  if (name == "auto") return FastestPrecision(observer);
  const Precision precision = name == NameOf(Precision::kBf16) ? Precision::kBf16 : Precision::kF32;
  if (IsSupported(precision)) return precision;
  return Fail(ErrorCode::kUnsupported,
              "--precision " + name + ": this CPU (" + CpuExtensions() + ") does not support it",
              "use --precision f32");
}

Schedule ScheduleOf(const std::string& name) {
  return name == "cosine"                 ? Schedule::kCosine
         : name == "cosine_with_restarts" ? Schedule::kCosineRestarts
         : name == "constant"             ? Schedule::kConstant
                                          : Schedule::kLinear;
}

}  // namespace

Result<void> RequireEvaluations(const TrainerPlan& plan, const TrainerOptions& trainer, int total_steps,
                                TrainingObserver& observer) {
  if (trainer.patience == 0) return {};
  const int evaluations = trainer.eval_steps == 0 ? trainer.epochs : (total_steps - 1) / trainer.eval_steps + 1;
  if (trainer.patience < evaluations) return {};
  if (plan.idle_patience) {
    observer.Note(
        fmt::format("early stopping cannot trigger: the run has {} evaluation{}, and --early-stopping-patience is {}",
                    evaluations, evaluations == 1 ? "" : "s", trainer.patience));
    return {};
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--early-stopping-patience {} can never stop a run with {} evaluation{}", trainer.patience,
                          evaluations, evaluations == 1 ? "" : "s"),
              "lower it, evaluate more often (--eval-steps), or train for more epochs (--epochs)");
}

Result<TrainerOptions> ToTrainerOptions(const TrainingPlan& plan, const TextSet& train, int num_layers,
                                        int32_t positive_label, TrainingObserver& observer) {
  const TrainerPlan& given = plan.trainer;
  const bool scratch = plan.model.base_model == "scratch";
  TrainerOptions trainer;
  trainer.frozen_depths = TRY(FrozenDepths(given.freeze, num_layers));
  const bool head_alone = trainer.frozen_depths > num_layers;  // whose epochs take little, and which has far to go
  const int usual_epochs = head_alone ? 20 : scratch ? 12 : 3;
  trainer.epochs = given.epochs.value_or(DefaultEpochs(usual_epochs, train.size(), given.batch_size));
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
  if (given.class_weights == "balanced") {
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
  trainer.metric = given.metric;
  trainer.positive_label = positive_label;
  trainer.seed = plan.seed;
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
               {"warmup_steps", trainer.warmup_steps ? Json(*trainer.warmup_steps) : Json()},
               {"warmup_ratio", trainer.warmup_ratio},
               {"weight_decay", trainer.weight_decay},
               {"max_grad_norm", trainer.max_grad_norm},
               {"class_weights", plan.trainer.class_weights},
               {"label_smoothing", trainer.loss.label_smoothing},
               {"freeze", plan.trainer.freeze},
               {"metric", trainer.metric},
               {"eval_steps", trainer.eval_steps},
               {"save_steps", trainer.save_steps},
               {"early_stopping_patience", trainer.patience},
               {"max_length", max_length},
               {"precision", NameOf(trainer.precision)},
               {"seed", trainer.seed}};
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
