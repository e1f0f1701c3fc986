/// Fine-tuning: epochs of shuffled batches through forward, loss, backward, clipping and AdamW, evaluation after each
/// epoch, and the best epoch's weights at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "encoder/model.h"
#include "evaluate/metrics.h"
#include "train/loss.h"
#include "train/schedule.h"
#include "train/text_set.h"

namespace winnow {

struct TrainerOptions {
  int epochs = 3;
  int batch_size = 32;
  double lr = 2e-5;
  Schedule schedule = Schedule::kLinear;
  std::optional<int> warmup_steps;  ///< instead of the ratio
  double warmup_ratio = 0.0;
  double head_lr_factor = 1.0;  ///< the head's learning rate, in multiples of lr
  double weight_decay = .01;    ///< of all but biases and normalisation weights
  double max_grad_norm = 1.0;   ///< 0: no clipping
  LossOptions loss;
  std::string metric = "f1_macro";  ///< decides which epoch is the best (evaluate/metrics.h)
  int32_t positive_label = -1;      ///< for metrics of a positive label
  uint64_t seed = 42;
};

struct StepReport {
  int step = 0;  ///< finished, from 1
  int total_steps = 0;
  int epoch = 0;    ///< from 1
  double loss = 0;  ///< of this batch
  double lr = 0;
  double gradient_norm = 0;  ///< before clipping
  size_t tokens = 0;
  double seconds = 0;  ///< of this step
};

struct EpochReport {
  int epoch = 0;  ///< from 1
  int step = 0;
  double train_loss = 0;       ///< mean over the epoch's texts
  double validation_loss = 0;  ///< not weighted by class
  Metrics metrics;             ///< on the validation texts
  double metric = 0;           ///< the one that options.metric names
  bool best = false;           ///< so far
};

struct TrainerCallbacks {
  std::function<void(const StepReport&)> on_step;
  /// The model is settled, so that it may be saved. An error ends the training.
  std::function<Result<void>(const EpochReport&, const Model&)> on_epoch;
  /// Polled after each step; true ends the training with kCancelled.
  std::function<bool()> cancelled;
};

struct TrainingResult {
  std::vector<EpochReport> epochs;
  int best_epoch = 0;
  std::vector<float> validation_logits;  ///< [texts, labels] of the best epoch
  double training_seconds = 0;           ///< steps alone, without evaluations
  size_t tokens = 0;                     ///< trained on, over all epochs

  const EpochReport& best() const { return epochs[static_cast<size_t>(best_epoch) - 1]; }
};

/// Trains `model` (loaded writable) in place. The same data, options and number of threads give the same bytes.
/// Errors: kInvalidArgument (an unknown metric, no texts), kInvalidModel and kInvalidData (CheckBatch), kCancelled;
/// kInternal when the loss stops being a number, with the step and the rows at fault.
Result<TrainingResult> TrainModel(Model& model, const TextSet& train, const TextSet& validation,
                                  const TrainerOptions& options, ThreadPool& pool,
                                  const TrainerCallbacks& callbacks = {});

/// Steps that TrainModel will take.
int TotalSteps(const TrainerOptions& options, size_t texts);

/// n / (classes * n_i) for each class, which occurs n_i times: scikit-learn's "balanced". A class that never occurs
/// gets 1.
std::vector<float> BalancedClassWeights(const TextSet& set);

/// Metrics of logits at temperature 1, as the trainer computes them, on `set`.
Result<Metrics> MetricsOfLogits(std::span<const float> logits, const TextSet& set, std::span<const std::string> labels,
                                double temperature, const MetricsOptions& options);

}  // namespace winnow
