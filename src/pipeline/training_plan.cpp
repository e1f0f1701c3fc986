#include "pipeline/training_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <string_view>

#include "base/option_values.h"
#include "evaluate/metrics.h"
#include "pipeline/linear_features.h"

namespace winnow {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

std::unexpected<Error> OutOfRange(const char* option, double value, const std::string& bounds) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--{}: {} is out of range; it must be {}", option, value, bounds));
}

/// Fails unless `value` lies within the bounds, which are included; NaN is rejected.
Result<void> InRange(const char* option, double value, double least, double most = kUnbounded) {
  if (value >= least && value <= most) return {};
  return OutOfRange(option, value,
                    most == kUnbounded ? fmt::format("at least {}", least) : fmt::format("from {} to {}", least, most));
}

Result<void> MoreThan(const char* option, double value, double bound, double most = kUnbounded) {
  if (value > bound && value <= most) return {};
  return OutOfRange(
      option, value,
      fmt::format("more than {}{}", bound, most == kUnbounded ? "" : fmt::format(" and at most {}", most)));
}

Result<void> OneOf(const char* option, const std::string& value, std::initializer_list<std::string_view> allowed) {
  if (std::ranges::find(allowed, value) != allowed.end()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--{}: '{}' is not one of {}", option, value, fmt::join(allowed, ", ")));
}

Result<void> CheckData(const DataPlan& data) {
  TRY(InRange("test-size", data.test_size, 0, 0.9));
  TRY(InRange("validation-size", data.validation_size, 0, 0.9));
  TRY(InRange("min-class-texts", data.min_class_texts, 0));
  TRY(InRange("augment-variants", data.augment_variants, 1));
  if (data.synthetic_share) TRY(InRange("synthetic-share", *data.synthetic_share, 0, 10));
  if (!data.reading.problem_type.empty()) TRY(OneOf("problem-type", data.reading.problem_type, {"single", "multi"}));
  return {};
}

Result<void> CheckModel(const ModelPlan& model) {
  TRY(OneOf("kind", model.kind, {"transformer", "lr", "svm"}));
  if (model.dropout) TRY(InRange("dropout", *model.dropout, 0, 0.95));
  if (model.attention_dropout) TRY(InRange("attention-dropout", *model.attention_dropout, 0, 0.95));
  if (model.classifier_dropout) TRY(InRange("classifier-dropout", *model.classifier_dropout, 0, 0.95));
  TRY(InRange("max-length", model.max_length, 3));
  if (model.layers) TRY(InRange("layers", *model.layers, 1));
  return {};
}

/// The number of layers of --freeze N is checked against the model's later.
Result<void> CheckFreeze(const std::string& freeze) {
  if (freeze.empty() || freeze == "embeddings" || freeze == "encoder") return {};
  int layers = -1;
  if (ParseOptionValue(freeze, layers) && layers >= 0) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--freeze: '{}' is not one of encoder, embeddings or a number of layers", freeze));
}

bool IsKindOfClassWeights(std::string_view name) { return name == "auto" || name == "balanced" || name == "none"; }

Result<void> CheckTrainer(const TrainerPlan& trainer) {
  if (const auto known = HigherIsBetter(trainer.metric); !known) {
    return Fail(ErrorCode::kInvalidArgument, "--metric: " + known.error().message, known.error().hint);
  }
  TRY(CheckFreeze(trainer.freeze));
  if (trainer.epochs) TRY(InRange("epochs", *trainer.epochs, 1));
  TRY(InRange("batch-size", trainer.batch_size, 1));
  TRY(InRange("batch-tokens", trainer.batch_tokens, 0));
  TRY(InRange("gradient-accumulation-steps", trainer.accumulation, 1));
  if (trainer.lr) TRY(MoreThan("lr", *trainer.lr, 0));
  TRY(MoreThan("head-lr-factor", trainer.head_lr_factor, 0));
  TRY(MoreThan("layer-lr-decay", trainer.layer_lr_decay, 0));
  TRY(OneOf("lr-scheduler", trainer.lr_scheduler, {"linear", "cosine", "cosine_with_restarts", "constant"}));
  TRY(InRange("num-cycles", trainer.num_cycles, 1));
  if (trainer.warmup_steps) TRY(InRange("warmup-steps", *trainer.warmup_steps, 0));
  TRY(InRange("warmup-ratio", trainer.warmup_ratio, 0, 1));
  TRY(InRange("weight-decay", trainer.weight_decay, 0));
  TRY(InRange("max-grad-norm", trainer.max_grad_norm, 0));
  if (trainer.label_weights.empty() && !IsKindOfClassWeights(trainer.class_weights)) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("--class-weights: '{}' is none of auto, balanced, none or an existing file", trainer.class_weights),
        "to give the weights yourself, name a JSON file such as {\"spam\": 5, \"ham\": 1}");
  }
  TRY(InRange("label-smoothing", trainer.label_smoothing, 0, 0.9));
  TRY(OneOf("precision", trainer.precision, {"auto", "f32", "bf16"}));
  TRY(InRange("eval-steps", trainer.eval_steps, 0));
  TRY(InRange("save-steps", trainer.save_steps, 0));
  TRY(InRange("early-stopping-patience", trainer.early_stopping_patience, 0));
  return InRange("eval-batch-size", trainer.eval_batch_size, 0);
}

Result<void> CheckCalibrationOptions(const CalibrationPlan& calibration) {
  if (calibration.tune_thresholds.value_or(false) && calibration.max_fpr) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds cannot be combined with --max-fpr",
                "omit one of these options; --no-tune-thresholds if a preset contains it");
  }
  if (calibration.max_fpr) TRY(MoreThan("max-fpr", *calibration.max_fpr, 0, 0.499));
  TRY(MoreThan("confidence", calibration.confidence, 0, 0.999999));
  if (calibration.max_error) TRY(MoreThan("max-error", *calibration.max_error, 0, 0.999));
  return {};
}

/// Refuses for a linear model what only a transformer can do.
Result<void> CheckKind(const TrainingPlan& plan) {
  if (plan.model.transformer()) return {};
  TRY(FeatureOptionsOf(plan.linear));
  const auto refuse = [&](const char* option) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} requires a transformer, but --kind is {}", option, plan.model.kind),
                "omit one of these options");
  };
  if (plan.distillation.teacher) return refuse("--teacher");
  if (plan.output.resume) return refuse("--resume");
  return {};
}

}  // namespace

bool TunesThresholds(const TrainingPlan& plan, bool multi_label) {
  return plan.calibration.tune_thresholds.value_or(multi_label && !plan.model.transformer() &&
                                                   !plan.calibration.max_fpr);
}

Result<void> ReadClassWeights(TrainerPlan& trainer) {
  std::error_code ignored;
  const bool file =
      !IsKindOfClassWeights(trainer.class_weights) && std::filesystem::exists(trainer.class_weights, ignored);
  if (!file) return {};
  trainer.label_weights = TRY(ReadLabelWeights(trainer.class_weights));
  trainer.class_weights = "none";
  return {};
}

Result<void> CheckPlan(const TrainingPlan& plan) {
  TRY(CheckData(plan.data));
  TRY(CheckModel(plan.model));
  TRY(CheckTrainer(plan.trainer));
  if (plan.linear.C) TRY(MoreThan("C", *plan.linear.C, 0));
  TRY(OneOf("analyzer", plan.linear.analyzer, {"word", "char", "char_wb", "both"}));
  TRY(InRange("max-features", static_cast<double>(plan.linear.max_features), 0));
  TRY(CheckCalibrationOptions(plan.calibration));
  if (!plan.distillation.unlabelled.empty() && !plan.distillation.teacher) {
    return Fail(ErrorCode::kInvalidArgument, "--unlabelled requires --teacher, whose predictions are their labels",
                "specify a trained model with --teacher, or omit --unlabelled");
  }
  TRY(MoreThan("distil-temperature", plan.distillation.temperature, 0));
  TRY(InRange("distil-weight", plan.distillation.weight, 0, 1));
  TRY(InRange("save-total-limit", plan.output.save_total_limit, 1));
  return CheckKind(plan);
}

}  // namespace winnow
