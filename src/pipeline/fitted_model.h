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
struct TrainingInput {
  const TrainingPlan& plan;
  const Split& split;  ///< texts and labels as they were read
  int32_t positive_label = -1;
  Manifest& manifest;                     ///< manifest, to which the kind of model adds its own properties
  std::vector<float> class_weights = {};  ///< the weight of each label that the user gives; empty: as the plan says
};

/// Predictions of training texts by models that were not trained on them.
struct CrossValidatedTexts {
  std::vector<float> probabilities;          ///< [texts, labels]
  std::vector<std::vector<int32_t>> labels;  ///< true label ids of each text
};

/// A model after its training. Not thread-safe.
class FittedModel {
 public:
  FittedModel() = default;
  FittedModel(const FittedModel&) = delete;
  FittedModel& operator=(const FittedModel&) = delete;
  virtual ~FittedModel() = default;

  /// Returns the logits [texts, labels] of the validation part, on which a calibration is fitted.
  virtual const std::vector<float>& validation_logits() const = 0;
  /// Returns the weights that predict: "f32", "linear".
  virtual std::string weights() const = 0;

  /// Returns the probabilities [texts, labels] of a part, as the bundle predicts them with the calibration.
  virtual std::vector<float> Probabilities(HeldOutPart part, const Calibration& calibration) = 0;

  /// Returns predictions of training texts from a cross-validation, as the bundle with this calibration would make
  /// them, for the choice of decision thresholds; none if there was no cross-validation.
  virtual CrossValidatedTexts TrainingPredictions(const Calibration& calibration) {
    (void)calibration;
    return {};
  }

  /// Fills in the values that only this kind of model has; texts of the part `timed` are used to measure the time of
  /// one text.
  virtual void Describe(HeldOutPart timed, TrainingInfo& info) = 0;

  /// Writes weights, labels and whatever else is needed to load the model. Errors: kIo.
  virtual Result<void> WriteFiles(const std::filesystem::path& dir) = 0;
  /// Called after training_info.json was written to `dir`.
  virtual void BeforeSealing(const std::filesystem::path& dir) { (void)dir; }

  /// Returns the end of the line that reports that the model is ready: "40 training texts, 12 s".
  virtual std::string Summary(double seconds) const = 0;
};

/// Fine-tunes a base model. Errors: those of loading it, RequireEvaluations', RequireMemory's, RunTraining's.
Result<std::unique_ptr<FittedModel>> FitTransformer(const TrainingInput& input, ThreadPool& pool,
                                                    TrainingObserver& observer);

/// Fits a linear model, which cannot be interrupted. Errors: kInvalidArgument for options that are not valid;
/// TrainLinear's.
Result<std::unique_ptr<FittedModel>> FitLinear(const TrainingInput& input, ThreadPool& pool,
                                               TrainingObserver& observer);

}  // namespace winnow
