/// What `winnow train` can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/calibration_options.h"
#include "cli/command.h"

namespace winnow {

struct TrainCommandOptions : CommonOptions {
  // Data
  std::vector<std::filesystem::path> data;
  std::optional<std::filesystem::path> validation;
  std::optional<std::filesystem::path> test;
  double test_size = 0.2;
  double validation_size = 0.1;
  std::string text_field;                // empty: found by name
  std::vector<std::string> label_field;  // empty: found by name; several: 0/1 columns of a multi-label set
  std::vector<std::string> filter;
  std::string template_text;
  std::vector<std::string> labels;     // a file, or names
  std::vector<std::string> label_map;  // FROM=TO
  int min_class_texts = 0;
  bool augment = false;
  int augment_variants = 1;
  std::string problem_type;  // "single", "multi"; empty: by the data
  std::string positive_label;

  // Model
  std::filesystem::path output_dir;
  std::string name;                  // empty: the output directory's
  std::string kind = "transformer";  // or "lr", "svm"
  std::string base_model = "all-MiniLM-L6-v2";
  bool reinit_head = false;
  std::optional<double> dropout;             // empty: the base model's
  std::optional<double> classifier_dropout;  // empty: the base model's
  int max_length = 128;
  LongText long_text = LongText::kHead;
  bool fold_disguises = false;
  std::optional<int> layers;  // of the base model; empty: all

  // Training
  std::optional<int> epochs;  // empty: 3, or 12 from scratch
  int batch_size = 32;
  int batch_tokens = 0;  // when set, instead of batch_size
  int accumulation = 1;
  std::optional<double> lr;  // empty: 2e-5, or 1e-3 from scratch
  double head_lr_factor = 10;
  double layer_lr_decay = 1;
  std::string lr_scheduler = "linear";
  int num_cycles = 1;
  std::optional<int> warmup_steps;  // when set, instead of warmup_ratio
  double warmup_ratio = 0;
  double weight_decay = 0.01;
  double max_grad_norm = 1;
  std::string class_weights = "none";
  double label_smoothing = 0;
  bool tune_thresholds = false;  // of a multi-label model
  CalibrationOptions calibrating;
  std::string freeze;  // "", "embeddings", "encoder" or a number of layers
  bool gradient_checkpointing = false;
  std::string metric = "f1_macro";
  std::string precision = "auto";
  uint64_t seed = 42;
  bool profile = false;

  // Linear models
  double C = 1;
  std::string analyzer = "word";
  std::string ngrams;       // "1-3"; empty: by the analyzer
  std::string char_ngrams;  // of characters, with "both"
  int64_t max_features = 10000;
  bool sublinear = false;
  bool one_vs_rest = false;

  // Distillation
  std::optional<std::filesystem::path> teacher;
  std::vector<std::filesystem::path> unlabelled;
  double distil_temperature = 2;
  double distil_weight = 0.5;

  // Evaluation and checkpoints
  int eval_steps = 0;  // 0: each epoch
  int save_steps = 0;  // 0: each evaluation
  int save_total_limit = 1;
  int early_stopping_patience = 0;
  int eval_batch_size = 0;  // 0: by tokens
  bool resume = false;

  // Output
  std::string report_to = "none";
  bool overwrite = false;
  bool keep_data = true;
  bool quantize = false;
  double max_drop = 0.005;  // of the INT8 gate
  bool skip_training = false;
  std::optional<std::string> preset;

  // Measuring
  std::optional<int> folds;  // cross-validation, instead of a model that stays
  bool throwaway = false;    // no option: a model of which only the figures stay; no checkpoints, curves, or advice
};

/// Binds the struct; only options that `winnow train` acts on are in the table.
void AddTrainOptions(TrainCommandOptions& options, OptionTable& table);

/// Those alone that decide what is learnt, of which data: for commands that train to measure, and keep no model.
void AddRecipeOptions(TrainCommandOptions& options, OptionTable& table);

}  // namespace winnow
