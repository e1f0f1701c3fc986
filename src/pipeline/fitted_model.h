/// The interface of each kind of model for Train: fitting to the training part, and predicting the held-out parts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/manifest.h"
#include "bundle/training_info.h"
#include "data/split.h"
#include "decide/calibration.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"

namespace winnow {

enum class HeldOutPart { kValidation, kTest };

/// The data that a model is fitted to; all members outlive the model.
struct FitInput {
  const TrainingPlan& plan;
  const Split& split;  ///< texts and labels as they were read
  int32_t positive_label = -1;
  Manifest& manifest;  ///< gets what the kind of model adds to it
};

/// A model that has learnt. Not thread-safe.
class FittedModel {
 public:
  FittedModel() = default;
  FittedModel(const FittedModel&) = delete;
  FittedModel& operator=(const FittedModel&) = delete;
  virtual ~FittedModel() = default;

  /// [texts, labels] of the validation part: what a calibration is fitted on.
  virtual const std::vector<float>& validation_logits() const = 0;
  /// The weights that predict: "f32", "linear".
  virtual std::string weights() const = 0;

  /// [texts, labels] probabilities of a part, as the bundle predicts them with the calibration.
  virtual std::vector<float> Probabilities(HeldOutPart part, const Calibration& calibration) = 0;

  /// Fills in what only this kind of model knows; texts of `timed` measure the time of one text alone.
  virtual void Describe(HeldOutPart timed, TrainingInfo& info) = 0;

  /// Writes weights, labels and whatever else is needed to load the model. Errors: kIo.
  virtual Result<void> WriteFiles(const std::filesystem::path& dir) = 0;
  /// Called once training_info.json lies in `dir`, too.
  virtual void BeforeSealing(const std::filesystem::path& dir) { (void)dir; }

  /// The end of the line that says that the model is ready: "40 training texts, 12 s".
  virtual std::string Summary(double seconds) const = 0;
};

/// Fine-tunes a base model. Errors: those of loading it, RequireEvaluations', RequireMemory's, RunTraining's.
Result<std::unique_ptr<FittedModel>> FitTransformer(const FitInput& input, ThreadPool& pool,
                                                    TrainingObserver& observer);

/// Fits a linear model; there is nothing to interrupt. Errors: kInvalidArgument for options that make no sense;
/// TrainLinear's.
Result<std::unique_ptr<FittedModel>> FitLinear(const FitInput& input, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow
