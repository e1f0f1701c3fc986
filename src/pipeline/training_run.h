/// The steps of a training: observed, saved in checkpoints, and continued after an interruption.
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

inline constexpr char kRunsDirectory[] = "runs";  ///< directory of event files, within the output directory

/// Writes the files of a model that can classify or be trained further. Errors: kIo.
Result<void> WriteModelFiles(const BaseModel& base, int max_length, const std::filesystem::path& dir);

/// The inputs of a training; all members outlive the call.
struct TrainingJob {
  const OutputPlan& output;
  BaseModel& base;
  const TextSet& train;
  const TextSet& validation;
  const TrainerOptions& trainer;
  const Manifest& manifest;  ///< manifest for checkpoints, which are bundles too
  RunIdentity run;
};

/// Trains base.model, from the newest checkpoint if output.resume is set. With output.discard_model nothing is written.
/// Errors: TrainModel's, with advice on how to continue from the last checkpoint; those of writing a checkpoint.
Result<TrainingResult> RunTraining(const TrainingJob& job, ThreadPool& pool, TrainingObserver& observer);

/// Refuses a training that does not fit into memory, with advice on options that make it fit. The last advice is a
/// smaller `max_length`. Errors: kUnsupported.
Result<void> RequireMemory(int max_length, const ModelConfig& config, const TrainerOptions& trainer,
                           const TextSet& train, size_t validation_texts, int threads, TrainingObserver& observer);

}  // namespace winnow
