/// A training as its user sees it: progress, checkpoints to go on from, and what was learnt on the way.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bundle/manifest.h"
#include "cli/base_model.h"
#include "cli/train_options.h"
#include "report/training_plot.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace winnow {

/// The model's files but for what training found out: enough to classify with, or to train on from.
Result<void> WriteModelFiles(const Model& model, const StartingPoint& start, int max_length,
                             const std::filesystem::path& dir);

/// What a training is made of; all outlive the call.
struct TrainingJob {
  const TrainCommandOptions& options;
  StartingPoint& start;
  const TextSet& train;
  const TextSet& validation;
  const TrainerOptions& trainer;
  const Manifest& manifest;  ///< of checkpoints, which are bundles too
  RunIdentity run;
};

constexpr char kRunsDirectory[] = "runs";  ///< of event files, in the output directory

/// What RunTraining leaves beside the trained model.
struct TrainingRun {
  TrainingResult result;
  std::vector<CurvePoint> losses;  ///< of each step of this process
};

/// Trains start.model, from the newest checkpoint where options.resume asks for it. Errors: TrainModel's, with advice
/// on how to go on from the last checkpoint; those of writing one.
Result<TrainingRun> RunTraining(const TrainingJob& job, ThreadPool& pool);

/// Refuses a training that would not fit into memory, with what would. Errors: kUnsupported.
Result<void> RequireMemory(const TrainCommandOptions& options, const ModelConfig& config, const TrainerOptions& trainer,
                           const TextSet& train, int threads, size_t validation_texts = 0);

}  // namespace winnow
