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
  int batch_size = 32;   ///< texts that are computed together
  int batch_tokens = 0;  ///< instead: as many texts as have so many tokens together, one at least
  int accumulation = 1;  ///< batches that one step adds up; the step is the one batch's that holds them all
  double lr = 2e-5;
  Schedule schedule = Schedule::kLinear;
  int num_cycles = 1;               ///< of Schedule::kCosineRestarts
  std::optional<int> warmup_steps;  ///< instead of the ratio
  double warmup_ratio = 0.0;
  double head_lr_factor = 10;   ///< the head's learning rate, in multiples of lr
  double layer_lr_decay = 1.0;  ///< train/optimizer.h
  double weight_decay = .01;    ///< of all but biases and normalisation weights
  double max_grad_norm = 1.0;   ///< 0: no clipping
  int frozen_depths = 0;        ///< lowest weights that stay as they are: 1 the embeddings, 1 + n with n layers
  /// Where all below the head is frozen: compute what the head reads of each text once, in f32, and train the head on
  /// that. Dropout inside the encoder is off then, as in feature extraction; the head's own stays. Otherwise each step
  /// goes through the layers again, with their dropout.
  bool cache_features = true;
  Precision precision = Precision::kF32;  ///< of the matrix products in training; evaluation is in f32
  bool recompute = false;                 ///< gradient checkpointing: less memory, the same bytes (encoder/backward.h)
  LossOptions loss;
  std::string metric = "f1_macro";  ///< decides which evaluation is the best (evaluate/metrics.h)
  int32_t positive_label = -1;      ///< for metrics of a positive label
  int eval_batch_size = 0;          ///< texts that an evaluation computes together, at most; 0: by tokens
  int eval_steps = 0;               ///< steps from evaluation to evaluation; 0: after each epoch
  int save_steps = 0;               ///< steps from checkpoint to checkpoint; 0: after each evaluation, and none where
                                    ///< features are cached
  int patience = 0;                 ///< evaluations without a better one that end the training; 0: never
  uint64_t seed = 42;
  bool meter_products = false;  ///< count what matrix products take, in PhaseTimes::products
};

struct StepReport {
  int step = 0;  ///< finished, from 1
  int total_steps = 0;
  int epoch = 0;    ///< from 1
  double loss = 0;  ///< of this step's texts
  double lr = 0;
  double gradient_norm = 0;  ///< before clipping
  size_t tokens = 0;
  double seconds = 0;  ///< of this step
};

struct Evaluation {
  double epoch = 0;  ///< passes over the texts, by the part of its steps that is done
  int step = 0;
  double train_loss = 0;       ///< mean over the texts since the last evaluation
  double validation_loss = 0;  ///< neither weighted nor smoothed
  double accuracy = 0, f1_macro = 0;
  double metric = 0;  ///< the one that options.metric names
  bool best = false;  ///< so far
};

/// Where a training stands between two steps. Beside the weights and the optimizer's moments it is all that going on
/// needs: order and dropout follow from the seed and the number of the step.
struct TrainingState {
  int step = 0;  ///< steps done
  std::vector<Evaluation> evaluations;
  int best = -1;                         ///< index of the best evaluation
  double loss_sum = 0, loss_weight = 0;  ///< of the texts since the last evaluation
  size_t tokens = 0;                     ///< trained on
  double training_seconds = 0;           ///< steps, and features that were cached; without evaluations

  /// Evaluations since the best one.
  int stale() const { return static_cast<int>(evaluations.size()) - 1 - best; }
};

struct TrainerCallbacks {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const Evaluation&)> on_evaluation;
  /// When a checkpoint is due: after evaluations that are the best so far, and as options.save_steps says, but not
  /// after the last step. No weight decay is pending. An error ends the training.
  std::function<Result<void>(const TrainingState&, const Optimizer&, const Model&)> on_checkpoint;
  /// While features are cached (TrainerOptions::cache_features): how many of all texts have theirs.
  std::function<void(size_t done, size_t total)> on_features = {};
  /// Polled after each step, and between batches of features; true ends the training with kCancelled.
  std::function<bool()> cancelled;
};

/// A checkpoint to go on from: the model holds its weights already.
struct ResumePoint {
  TrainingState state;
  std::filesystem::path optimizer;        ///< what Optimizer::Save wrote
  std::filesystem::path best_checkpoint;  ///< with the weights of the best evaluation
};

/// Where the time of this process went, in seconds.
struct PhaseTimes {
  double features = 0;  ///< that are cached, before the steps
  double forward = 0, backward = 0, optimizer = 0;
  double other = 0;  ///< of a step: batches, the loss
  double evaluation = 0, checkpoints = 0;
  MatMulUse products;  ///< of steps, with TrainerOptions::meter_products
};

struct TrainingResult {
  TrainingState state;
  PhaseTimes times;
  bool stopped_early = false;
  std::vector<float> validation_logits;  ///< [texts, labels] of the best evaluation

  const Evaluation& best() const { return state.evaluations[static_cast<size_t>(state.best)]; }
};

/// Trains `model` (loaded writable) in place and leaves it with the weights of the best evaluation. The same data,
/// options and number of threads give the same bytes, also when a kill and ResumePoint lie in between.
/// Errors: kInvalidArgument (an unknown metric, no texts), kInvalidModel and kInvalidData (CheckBatch, a checkpoint
/// that doesn't fit), kCancelled; kInternal when the loss stops being a number, with the step and the rows at fault.
Result<TrainingResult> TrainModel(Model& model, const TextSet& train, const TextSet& validation,
                                  const TrainerOptions& options, ThreadPool& pool,
                                  const TrainerCallbacks& callbacks = {}, const ResumePoint* resume = nullptr);

/// Steps that TrainModel will take, unless it stops early.
int TotalSteps(const TrainerOptions& options, const TextSet& train);

/// The most texts' and tokens' that a batch can have, for an estimate of memory.
struct BatchBound {
  size_t texts = 0, tokens = 0;
};
BatchBound LargestBatch(const TrainerOptions& options, const TextSet& train);

/// Whether TrainModel will train the head alone, on cached features.
bool CachesFeatures(const TrainerOptions& options, const ModelConfig& config);

/// Bytes that TrainModel takes beside the model's own, at most. `validation_texts` matter where features are cached.
size_t TrainingBytes(const ModelConfig& config, const TrainerOptions& options, const TextSet& train, int threads,
                     size_t validation_texts = 0);

/// Metrics of logits at temperature 1, as the trainer computes them, on `set`.
Result<Metrics> MetricsOfLogits(std::span<const float> logits, const TextSet& set, std::span<const std::string> labels,
                                double temperature, const MetricsOptions& options);

}  // namespace winnow
