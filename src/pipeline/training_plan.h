/// Everything that a training can be told, as plain structs. Each default stands here or in the options of the folder
/// that does the work, once. Names in strings are those of `winnow train`'s options; CheckPlan refuses others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "calibrate/calibration_options.h"
#include "data/augment.h"
#include "data/split.h"
#include "linear/train_linear.h"
#include "train/distil.h"
#include "train/trainer.h"
#include "winnow/classifier.h"

namespace winnow {

/// How rows of files become examples.
struct ReadingOptions {
  std::string text_field;                ///< empty: found by name
  std::vector<std::string> label_field;  ///< empty: found by name; several: 0/1 columns of a multi-label set
  std::vector<std::string> filter;       ///< conditions that all hold for the rows that are kept (data/filter.h)
  std::string template_text;             ///< makes the text of several fields (data/text_template.h); empty: text_field
  std::string problem_type;              ///< "single" or "multi"; empty: by the data
};

/// The examples and their parts.
struct DataPlan {
  std::vector<std::filesystem::path> files;
  std::optional<std::filesystem::path> validation, test;  ///< files of held-out parts; else split off `files`
  double test_size = SplitOptions{}.test_size;
  double validation_size = SplitOptions{}.validation_size;
  ReadingOptions reading;
  std::vector<std::string> labels;     ///< one: a JSON file; several: the names in the order of their ids
  std::vector<std::string> label_map;  ///< FROM=TO
  int min_class_texts = 0;             ///< single-label: labels of fewer texts are left out
  bool augment = false;
  int augment_variants = AugmentOptions{}.variants;  ///< of each training text, at most
  std::string positive_label;                        ///< empty: DefaultPositiveLabel's
};

struct ModelPlan {
  std::string kind = "transformer";             ///< or "lr", "svm"
  std::string base_model = "all-MiniLM-L6-v2";  ///< a name, a directory, or "scratch"
  bool reinit_head = false;                     ///< a new classification head if that of the base model does not fit
  std::optional<double> dropout;                ///< empty: the base model's
  std::optional<double> classifier_dropout;     ///< empty: the base model's
  int max_length = 128;                         ///< tokens, special tokens included
  LongText long_text = LongText::kHead;
  bool fold_disguises = false;  ///< obfuscated texts are folded, in training and prediction
  std::optional<int> layers;    ///< of the base model, evenly spaced; empty: all

  bool transformer() const { return kind == "transformer"; }
  /// Whether texts are read in windows, of which each has logits of its own.
  bool pooled() const { return transformer() && long_text == LongText::kWindows; }
};

/// Fine-tuning of a transformer; class_weights apply to linear models too.
struct TrainerPlan {
  std::optional<int> epochs;  ///< empty: 3, 12 from scratch, 20 for the head alone; more for few texts
  int batch_size = TrainerOptions{}.batch_size;
  int batch_tokens = TrainerOptions{}.batch_tokens;  ///< if not 0, instead of batch_size
  int accumulation = TrainerOptions{}.accumulation;
  std::optional<double> lr;  ///< empty: 2e-5, 1e-4 for the head alone, 1e-3 from scratch
  double head_lr_factor = TrainerOptions{}.head_lr_factor;
  double layer_lr_decay = TrainerOptions{}.layer_lr_decay;
  std::string lr_scheduler = "linear";  ///< or "cosine", "cosine_with_restarts", "constant"
  int num_cycles = TrainerOptions{}.num_cycles;
  std::optional<int> warmup_steps;  ///< if given, instead of warmup_ratio
  double warmup_ratio = TrainerOptions{}.warmup_ratio;
  double weight_decay = TrainerOptions{}.weight_decay;
  double max_grad_norm = TrainerOptions{}.max_grad_norm;
  std::string class_weights = "none";  ///< or "balanced"
  double label_smoothing = 0;
  std::string freeze;  ///< "embeddings", "encoder" or a number of layers; empty: nothing
  bool gradient_checkpointing = TrainerOptions{}.recompute;
  std::string metric = TrainerOptions{}.metric;
  std::string precision = "auto";  ///< or "f32", "bf16"
  int eval_steps = TrainerOptions{}.eval_steps;
  int save_steps = TrainerOptions{}.save_steps;
  int early_stopping_patience = TrainerOptions{}.patience;
  /// A patience that can never end the training is noted, not refused: for presets and plans of a trained model.
  bool idle_patience = false;
  int eval_batch_size = TrainerOptions{}.eval_batch_size;
  bool profile = false;  ///< note where the time went
};

struct LinearPlan {
  double C = SolverOptions{}.C;
  std::string analyzer = "word";  ///< or "char", "char_wb", "both"
  std::string ngrams;             ///< "1-3"; empty: 1-3 words, 1-5 characters
  std::string char_ngrams;        ///< of characters, with "both"; empty: 1-5
  int64_t max_features = FeatureOptions{}.max_features;
  bool sublinear = FeatureOptions{}.sublinear;
  bool one_vs_rest = false;
};

struct CalibrationPlan : CalibrationOptions {
  bool tune_thresholds = false;  ///< of a multi-label model: each label's threshold with the best F1
};

struct DistillationPlan {
  std::optional<std::filesystem::path> teacher;   ///< a bundle; empty: no distillation
  std::vector<std::filesystem::path> unlabelled;  ///< files of texts that have the teacher's predictions alone
  double temperature = DistilOptions{}.temperature;
  double weight = DistilOptions{}.weight;
};

struct OutputPlan {
  std::filesystem::path dir;   ///< the bundle's
  std::string name;            ///< of the model; empty: the directory's
  bool overwrite = false;      ///< replace a directory that holds something else than a Winnow model
  bool keep_data = true;       ///< write the calibration set into the bundle
  bool tensorboard = false;    ///< write event files into runs/ of the directory
  int save_total_limit = 1;    ///< checkpoints kept, the best ones, beside the newest
  bool resume = false;         ///< go on from the newest checkpoint
  bool discard_model = false;  ///< write nothing at all: only the metrics of the model are wanted
};

struct TrainingPlan {
  DataPlan data;
  ModelPlan model;
  TrainerPlan trainer;
  LinearPlan linear;
  CalibrationPlan calibration;
  DistillationPlan distillation;
  OutputPlan output;
  uint64_t seed = TrainerOptions{}.seed;  ///< of splits, shuffles, dropout, new weights and augmentation
};

/// Checks numbers against their ranges, names against what there is, and options against the kind of model. Errors: kInvalidArgument, beginning with the
/// name of the option ("--lr-scheduler: ...").
Result<void> CheckPlan(const TrainingPlan& plan);

}  // namespace winnow
