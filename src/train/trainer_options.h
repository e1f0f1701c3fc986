/// The options of a training run, as the trainer takes them. src/pipeline makes them of a TrainingPlan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bundle/model_config.h"
#include "kernels/matmul.h"
#include "train/loss.h"
#include "train/schedule.h"

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

/// Returns true if TrainModel will train the head alone, on cached features.
inline bool CachesFeatures(const TrainerOptions& options, const ModelConfig& config) {
  return options.cache_features && options.frozen_depths > config.num_layers;
}

}  // namespace winnow
