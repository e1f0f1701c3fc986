/// The steps of a training: watched, saved in checkpoints, and gone on with after an interruption.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/manifest.h"
#include "pipeline/base_model.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace winnow {

inline constexpr char kRunsDirectory[] = "runs";  ///< of event files, in the output directory

/// Writes the files of a model that can be classified with, or trained on from. Errors: kIo.
Result<void> WriteModelFiles(const BaseModel& base, int max_length, const std::filesystem::path& dir);

/// The inputs of a training; all members outlive the call.
struct TrainingJob {
  const OutputPlan& output;
  BaseModel& base;
  const TextSet& train;
  const TextSet& validation;
  const TrainerOptions& trainer;
  const Manifest& manifest;  ///< of checkpoints, which are bundles too
  RunIdentity run;
};

/// Trains base.model, from the newest checkpoint if output.resume asks for it. With output.discard_model nothing is
/// written. Errors: TrainModel's, with advice on how to go on from the last checkpoint; those of writing one.
Result<TrainingResult> RunTraining(const TrainingJob& job, ThreadPool& pool, TrainingObserver& observer);

/// Refuses a training that would not fit into memory, with what would. `max_length` is named as the last resort.
/// Errors: kUnsupported.
Result<void> RequireMemory(int max_length, const ModelConfig& config, const TrainerOptions& trainer,
                           const TextSet& train, size_t validation_texts, int threads, TrainingObserver& observer);

}  // namespace winnow
