/// Fine-tuning: epochs of shuffled batches through forward, loss, backward, clipping and AdamW, evaluations now and
/// then, and the weights of the best of them at the end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "encoder/model.h"
#include "kernels/matmul.h"
#include "train/optimizer.h"
#include "train/text_set.h"
#include "train/trainer_options.h"

namespace winnow {

struct StepReport {
  int step = 0;  ///< number of finished steps
  int total_steps = 0;
  int epoch = 0;    ///< epoch, counted from 1
  double loss = 0;  ///< mean loss of this step's texts
  double lr = 0;
  double gradient_norm = 0;  ///< norm of the gradients before clipping
  size_t tokens = 0;         ///< number of tokens that were read; 0 for a head on cached features
  double seconds = 0;        ///< duration of this step
};

struct Evaluation {
  double epoch = 0;  ///< number of passes over the texts, as a fraction of the steps
  int step = 0;
  double train_loss = 0;       ///< mean loss over the texts since the last evaluation
  double validation_loss = 0;  ///< loss without weights and smoothing
  double accuracy = 0, f1_macro = 0;
  double metric = 0;  ///< the metric that options.metric names
  bool best = false;  ///< true if this is the best evaluation so far
};

/// The state of a training between two steps. Together with the weights and the optimizer's moments it is sufficient
/// for resuming: order and dropout follow from the seed and the number of the step.
struct TrainingState {
  int step = 0;  ///< number of finished steps
  std::vector<Evaluation> evaluations;
  int best = -1;                         ///< index of the best evaluation
  double loss_sum = 0, loss_weight = 0;  ///< sums over the texts since the last evaluation
  size_t tokens = 0;                     ///< number of tokens that the encoder has read, each once for cached features
  double training_seconds = 0;           ///< seconds spent in steps and caching features, without evaluations
  double wall_seconds = 0;               ///< seconds that TrainModel had taken until the checkpoint, in all processes

  /// Returns the number of evaluations since the best one.
  int stale() const { return static_cast<int>(evaluations.size()) - 1 - best; }
};

struct TrainerCallbacks {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const Evaluation&)> on_evaluation;
  /// Called when a checkpoint is due: after evaluations that are the best so far, and as options.save_steps says, but
  /// not after the last step. No weight decay is pending. An error ends the training.
  std::function<Result<void>(const TrainingState&, const Optimizer&, const Model&)> on_checkpoint;
  /// Called while features are cached (TrainerOptions::cache_features), with the number of finished texts and of all
  /// texts.
  std::function<void(size_t done, size_t total)> on_features = {};
  /// Polled after each step, and between batches of features; true ends the training with kCancelled.
  std::function<bool()> cancelled;
};

/// A checkpoint to resume from, whose weights the model already has.
struct ResumePoint {
  TrainingState state;
  std::filesystem::path optimizer;        ///< file that Optimizer::Save wrote
  std::filesystem::path best_checkpoint;  ///< directory with the weights of the best evaluation
};

/// The time that this process spent per phase, in seconds.
struct PhaseTimes {
  double features = 0;  ///< computing cached features, before the steps
  double forward = 0, backward = 0, optimizer = 0;
  double other = 0;  ///< time of the rest of the steps: batches, the loss
  double evaluation = 0, checkpoints = 0;
  MatMulUse products;  ///< matrix products of the steps, with TrainerOptions::meter_products
};

struct TrainingResult {
  TrainingState state;
  PhaseTimes times;
  bool stopped_early = false;
  double earlier_seconds = 0;            ///< seconds that TrainModel took in earlier processes, up to the checkpoint
  std::vector<float> validation_logits;  ///< [texts, labels] logits of the best evaluation

  const Evaluation& best() const { return state.evaluations[static_cast<size_t>(state.best)]; }
};

/// Trains `model` (loaded writable) in place and leaves it with the weights of the best evaluation. Equal data, options
/// and numbers of threads give equal weights, even if the training was interrupted and resumed. Errors:
/// kInvalidArgument (an unknown metric), kInvalidData (no texts, a metric that the validation texts leave undefined),
/// kInvalidModel and kInvalidData (CheckBatch, a checkpoint that does not fit), kCancelled; kInternal if the loss is
/// not a number or above 500, times the square of a teacher's temperature, with the step and the rows.
Result<TrainingResult> TrainModel(Model& model, const TextSet& train, const TextSet& validation,
                                  const TrainerOptions& options, ThreadPool& pool,
                                  const TrainerCallbacks& callbacks = {}, const ResumePoint* resume = nullptr);

}  // namespace winnow
