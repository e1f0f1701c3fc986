#include "pipeline/measured_training.h"

#include "kernels/matmul.h"
#include "pipeline/base_model.h"
#include "pipeline/trainer_options.h"

namespace winnow {

Result<TrainingPlan> PrepareToMeasure(TrainingPlan plan, TrainingObserver& observer) {
  if (!plan.output.dir.empty()) observer.Note("--output-dir is ignored: this command saves no model");
  plan.output = OutputPlan();
  plan.output.discard_model = true;
  if (!plan.model.transformer()) return plan;
  if (plan.model.base_model != "scratch") {
    plan.model.base_model = TRY(PullForTraining(plan.model.base_model, observer)).string();
  }
  // Measured once: models of different numbers would not be comparable.
  plan.trainer.precision = NameOf(TRY(PrecisionOf(plan, observer)));
  return plan;
}

Result<TrainedModel> TrainAndMeasure(const TrainingPlan& plan, const Split& split, const std::string& what,
                                     ThreadPool& pool, TrainingObserver& observer) {
  if (observer.Cancelled()) return Fail(ErrorCode::kCancelled, "stopped on request");
  QuietObserver quiet(observer);
  Result<TrainedModel> trained = Train(plan, split, pool, quiet);
  if (trained) return trained;
  Error error = trained.error();
  error.message = what + ": " + error.message;
  // Advice on checkpoints, of which there are none.
  if (error.code == ErrorCode::kCancelled) error.hint = "no results were saved";
  return std::unexpected(std::move(error));
}

}  // namespace winnow
