#include "pipeline/training_duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/epoch_plan.h"

namespace winnow {
namespace {

constexpr int kEnoughSteps = 200;  // for a model to move away from where it began
constexpr int kMostEpochs = 20;    // for that reason alone
constexpr int kFewEvaluations = 5;
constexpr int kUsualEvaluations = 10;  // also the share of the warm-up, one in ten
constexpr int64_t kMostSteps = 1'000'000'000;

int StepsPerEpoch(TrainerOptions trainer, const TextSet& train) {
  trainer.epochs = 1;
  trainer.max_steps = 0;
  return std::max(TotalSteps(trainer, train), 1);
}

/// Returns `usual`, or as many more epochs as make enough steps.
int EnoughEpochs(int usual, int steps_per_epoch) {
  return std::max(usual, std::min(kMostEpochs, (kEnoughSteps + steps_per_epoch - 1) / steps_per_epoch));
}

/// What a preset set for larger data.
void ScaleToData(const TrainerPlan::Scaled& scaled, int total_steps, TrainerOptions& trainer,
                 TrainingObserver& observer) {
  const auto lower = [&](const char* option, int& steps, const std::string& reason) {
    const int fewer = std::max(total_steps / kUsualEvaluations, 1);
    observer.Note(fmt::format("--{} of the preset is lowered from {} to {} {}", option, steps, fewer, reason));
    steps = fewer;
  };
  const auto too_many = [&](int steps) { return steps > std::max(total_steps / kFewEvaluations, 1); };
  if (scaled.eval_steps && too_many(trainer.eval_steps)) {
    lower("eval-steps", trainer.eval_steps, fmt::format("for this small data set: the run has {} steps", total_steps));
  }
  if (scaled.save_steps && too_many(trainer.save_steps)) trainer.save_steps = trainer.eval_steps;
  if (scaled.warmup_steps && trainer.warmup_steps && too_many(*trainer.warmup_steps)) {
    lower("warmup-steps", *trainer.warmup_steps,
          fmt::format("for this small data set: the run has {} steps", total_steps));
  }
}

}  // namespace

Result<void> SetDuration(const TrainerPlan& plan, int usual_epochs, const TextSet& train, TrainerOptions& trainer,
                         TrainingObserver& observer) {
  const int each = StepsPerEpoch(trainer, train);
  if (plan.max_steps && *plan.max_steps > 0) {
    trainer.max_steps = *plan.max_steps;
    trainer.epochs = (trainer.max_steps - 1) / each + 1;
  } else {
    const int given = plan.epochs.value_or(usual_epochs);
    trainer.epochs = plan.epochs && !plan.scaled.epochs ? given : EnoughEpochs(given, each);
    if (plan.epochs && trainer.epochs > given) {
      observer.Note(
          fmt::format("--epochs of the preset is raised from {} to {} for this small data set: an epoch has {} "
                      "step{}",
                      given, trainer.epochs, each, each == 1 ? "" : "s"));
    }
    if (const int64_t steps = int64_t{each} * trainer.epochs; steps > kMostSteps) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("--epochs {}: the run would have {} steps, and more than {} are not supported",
                              trainer.epochs, steps, kMostSteps),
                  "lower --epochs");
    }
  }
  ScaleToData(plan.scaled, TotalSteps(trainer, train), trainer, observer);
  return {};
}

void WarnOfLearningRate(const TrainerOptions& trainer, int total_steps, bool head_alone, TrainingObserver& observer) {
  const double most = head_alone ? 0.1 : 0.01;
  if (trainer.lr > most) {
    observer.Warn(fmt::format(
        "--lr {} is far above the usual peak learning rates of transformers, such as 2e-5: the training will "
        "probably diverge",
        trainer.lr));
  }
  const double ratio = trainer.warmup_steps ? 0 : trainer.warmup_ratio;
  const auto warmup = trainer.warmup_steps.value_or(static_cast<int>(std::ceil(ratio * total_steps)));
  if (warmup > 0 && warmup >= total_steps) {
    observer.Warn(fmt::format(
        "--warmup-{} does not end before the run, which has {} step{}: the learning rate does not reach --lr {}; {}",
        ratio > 0 ? fmt::format("ratio {}", ratio) : fmt::format("steps {}", warmup), total_steps,
        total_steps == 1 ? "" : "s", trainer.lr,
        ratio > 0 ? "lower --warmup-ratio" : "lower --warmup-steps, or use --warmup-ratio 0.1 instead"));
  }
}

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

}  // namespace winnow
