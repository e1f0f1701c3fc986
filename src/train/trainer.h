/// Fine-tuning: epochs of shuffled batches through forward, loss, backward, clipping and AdamW, evaluations now and
/// then, and the weights of the best of them at the end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "encoder/model.h"
#include "evaluate/metrics.h"
#include "kernels/matmul.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/text_set.h"

namespace winnow {

struct TrainerOptions {
  int epochs = 3;
  int max_steps = 0;     ///< number of steps, used in place of epochs if above 0
  int batch_size = 32;   ///< number of texts in a batch
  int batch_tokens = 0;  ///< maximum number of tokens per batch, used in place of batch_size if above 0
  int accumulation = 1;  ///< gradient accumulation: batches per step, with the result of a single batch of them all
  double lr = 2e-5;
  Schedule schedule = Schedule::kLinear;
  int num_cycles = 1;               ///< number of cycles of Schedule::kCosineRestarts
  std::optional<int> warmup_steps;  ///< warm-up steps, used in place of warmup_ratio
  double warmup_ratio = 0.0;
  double head_lr_factor = 10;   ///< learning rate of the head, in multiples of lr
  double layer_lr_decay = 1.0;  ///< factor of the learning rate from layer to layer (train/optimizer.h)
  double weight_decay = .01;    ///< weight decay of all weights except biases and normalisation weights
  double max_grad_norm = 1.0;   ///< norm to which gradients are clipped; 0: no clipping
  /// Number of the lowest depths that are not changed: 1 for the embeddings, 1 + n with n layers.
  int frozen_depths = 0;
  /// True if the input of the head is computed once per text, in f32, if all weights below the head are frozen, and the
  /// head is trained on these features. Dropout inside the encoder is then off, as in feature extraction; that of the
  /// head is not. Otherwise each step computes all layers again, with their dropout.
  bool cache_features = true;
  Precision precision = Precision::kF32;  ///< precision of the matrix products in training; evaluation uses f32
  bool gradient_checkpointing = false;    ///< less memory, with equal results (encoder/backward.h)
  LossOptions loss;
  std::string metric = "f1_macro";  ///< metric that selects the best evaluation (evaluate/metrics.h)
  int32_t positive_label = -1;      ///< positive label of the metrics, or -1
  int eval_batch_size = 0;          ///< maximum batch size in evaluation; 0: limited by tokens
  int eval_steps = 0;               ///< steps between evaluations; 0: after each epoch
  /// Steps between checkpoints; 0: after each evaluation, and no checkpoints if features are cached.
  int save_steps = 0;
  int patience = 0;  ///< evaluations without improvement before early stopping; 0: never
  uint64_t seed = 42;
  bool meter_products = false;  ///< true if to measure matrix products in PhaseTimes::products
};

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

/// Returns the number of steps that TrainModel takes unless it stops early.
int TotalSteps(const TrainerOptions& options, const TextSet& train);

/// The largest numbers of texts and tokens of a batch, to estimate memory.
struct BatchBound {
  size_t texts = 0, tokens = 0;
};
BatchBound LargestBatch(const TrainerOptions& options, const TextSet& train);

/// Returns true if TrainModel will train the head alone, on cached features.
bool CachesFeatures(const TrainerOptions& options, const ModelConfig& config);

/// Returns an upper bound of the bytes that TrainModel takes besides the model. `validation_texts` matters if features
/// are cached.
size_t TrainingBytes(const ModelConfig& config, const TrainerOptions& options, const TextSet& train, int threads,
                     size_t validation_texts = 0);

/// Returns the metrics on `set` of logits divided by `temperature`, as the trainer computes them.
Result<Metrics> MetricsOfLogits(std::span<const float> logits, const TextSet& set, std::span<const std::string> labels,
                                double temperature, const MetricsOptions& options);

}  // namespace winnow
