/// All parameters of a training, as plain structs. Each default is defined once, here or in the options of the folder
/// that does the work. Names in strings are those of `winnow train`'s options; CheckPlan refuses others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "bundle/manifest.h"
#include "bundle/model_version.h"
#include "calibrate/calibration_options.h"
#include "data/augment.h"
#include "data/split.h"
#include "data/synthetic.h"
#include "linear/train_linear.h"
#include "pipeline/label_weights.h"
#include "train/distil.h"
#include "train/trainer.h"
#include "winnow/classifier.h"

namespace winnow {

/// Parameters of reading rows of files as examples.
struct ReadingOptions {
  std::string text_field;  ///< field of the text; empty: found by name
  /// Field of the label; empty: found by name; several: 0/1 columns of a multi-label set.
  std::vector<std::string> label_field;
  std::vector<std::string> filter;  ///< conditions that all hold for the rows that are kept (data/filter.h)
  /// Template that makes the text of several fields (text/text_template.h); empty: text_field.
  std::string template_text;
  FormatOptions format;  ///< format of the files; by default detected
  /// What happens to test texts, and texts for an existing model, with a label that the model does not know.
  UnknownLabels unknown_labels = UnknownLabels::kError;
  std::string problem_type;  ///< type of the problem, "single" or "multi"; empty: determined by the data
};

/// Parameters of the examples and their parts.
struct DataPlan {
  std::vector<std::filesystem::path> files;
  std::optional<OwnFile> own_file;  ///< the one of `files` that Winnow has written, if there is one
  std::optional<std::filesystem::path> validation, test;  ///< files of held-out parts; empty: split off `files`
  double test_size = SplitOptions{}.test_size;
  double validation_size = SplitOptions{}.validation_size;
  ReadingOptions reading;
  std::vector<std::string> labels;     ///< one entry: a JSON file; several: the names in the order of their ids
  std::vector<std::string> label_map;  ///< replacements of label names, FROM=TO
  int min_class_texts = 0;             ///< single-label: labels with fewer texts are left out
  bool augment = false;
  int augment_variants = AugmentOptions{}.variants;  ///< maximum number of variants of each training text
  bool synthetic = false;                            ///< true if synthetic texts are added to the training part
  std::optional<double> synthetic_share;             ///< number of synthetic texts as a share of the training texts
  std::optional<std::filesystem::path> synthetic_grammar;  ///< grammar of synthetic texts; empty: Winnow's own
  std::string positive_label;                              ///< positive label; empty: that of DefaultPositiveLabel
};

struct ModelPlan {
  std::string kind = "transformer";             ///< kind of the model: "transformer", "lr" or "svm"
  std::string base_model = "all-MiniLM-L6-v2";  ///< name of a model, a directory, or "scratch"
  bool reinit_head = false;                     ///< a new classification head if that of the base model does not fit
  std::optional<double> dropout;                ///< dropout of the encoder; empty: the base model's
  std::optional<double> attention_dropout;      ///< dropout of attention weights; empty: the base model's
  std::optional<double> classifier_dropout;     ///< dropout before the classifier; empty: the base model's
  int max_length = 128;                         ///< maximum length in tokens, special tokens included
  LongText long_text = LongText::kHead;
  bool fold_disguises = false;  ///< true if obfuscated texts are folded, in training and prediction
  std::optional<int> layers;    ///< number of layers of the base model to keep, evenly spaced; empty: all

  bool transformer() const { return kind == "transformer"; }
  /// Returns true if texts are read in windows, each of which has logits of its own.
  bool pooled() const { return transformer() && long_text == LongText::kWindows; }
};

/// Parameters of fine-tuning a transformer; the class weights apply to linear models too.
struct TrainerPlan {
  /// The values that a preset set for data of the usual size, and which are adapted to smaller data.
  struct Scaled {
    bool epochs = false, eval_steps = false, save_steps = false, warmup_steps = false;
  };
  /// Number of epochs; empty: 3, 12 from scratch, 20 for the head alone; more for few texts.
  std::optional<int> epochs;
  std::optional<int> max_steps;  ///< number of steps, in place of epochs; empty or not above 0: not used
  int batch_size = TrainerOptions{}.batch_size;
  /// Number of tokens per batch, in place of batch_size; 0: not used.
  int batch_tokens = TrainerOptions{}.batch_tokens;
  int accumulation = TrainerOptions{}.accumulation;
  std::optional<double> lr;  ///< learning rate; empty: 2e-5, 1e-4 for the head alone, 1e-3 from scratch
  double head_lr_factor = TrainerOptions{}.head_lr_factor;
  double layer_lr_decay = TrainerOptions{}.layer_lr_decay;
  std::string lr_scheduler =
      "linear";  ///< learning-rate schedule: "linear", "cosine", "cosine_with_restarts" or "constant"
  int num_cycles = TrainerOptions{}.num_cycles;
  std::optional<int> warmup_steps;  ///< number of warm-up steps, in place of warmup_ratio; empty: not used
  double warmup_ratio = TrainerOptions{}.warmup_ratio;
  double weight_decay = TrainerOptions{}.weight_decay;
  double max_grad_norm = TrainerOptions{}.max_grad_norm;
  /// Class weights: "none", "balanced", or "auto", which is none for transformers and for linear models with a given C;
  /// otherwise a linear model's are chosen by cross-validation.
  std::string class_weights = "auto";
  LabelWeights label_weights;  ///< class weights that the user gives; if there are some, class_weights is not used
  double label_smoothing = 0;
  std::string freeze;  ///< weights to freeze: "embeddings", "encoder" or a number of layers; empty: none
  bool gradient_checkpointing = TrainerOptions{}.gradient_checkpointing;
  std::string metric = TrainerOptions{}.metric;
  std::string precision = "auto";  ///< precision of matrix products: "auto", "f32" or "bf16"
  int eval_steps = TrainerOptions{}.eval_steps;
  int save_steps = TrainerOptions{}.save_steps;
  int early_stopping_patience = TrainerOptions{}.patience;
  /// True if a patience that can never end the training is noted instead of refused, for presets and plans of a trained
  /// model.
  bool idle_patience = false;
  /// True if f32 takes the place of a precision that this CPU does not support, for plans of a trained model.
  bool any_precision = false;
  Scaled scaled;  ///< values to adapt to small data
  int eval_batch_size = TrainerOptions{}.eval_batch_size;
  bool profile = false;  ///< true if the time of each phase is noted
};

struct LinearPlan {
  std::optional<double> C;        ///< inverse regularization strength; empty: chosen by cross-validation
  std::string analyzer = "word";  ///< kinds of n-grams: "word", "char", "char_wb" or "both"
  std::string ngrams;             ///< lengths of n-grams: "1-3"; empty: 1-3 words, 1-5 characters
  std::string char_ngrams;        ///< lengths of character n-grams, with "both"; empty: 1-5
  int64_t max_features = FeatureOptions{}.max_features;
  bool sublinear = FeatureOptions{}.sublinear;
  bool one_vs_rest = false;
  /// Platt scaling; empty: for SVMs, and for logistic regressions of two labels whose C is chosen.
  std::optional<bool> platt;
};

struct CalibrationPlan : CalibrationOptions {
  /// True if each label of a multi-label model gets the threshold with the best F1; empty: TunesThresholds decides.
  std::optional<bool> tune_thresholds;
  /// Thresholds that the model gets after its calibration, without a guarantee; empty: those of the calibration.
  std::optional<Thresholds> thresholds = {};
};

struct DistillationPlan {
  std::optional<std::filesystem::path> teacher;  ///< bundle of the teacher; empty: no distillation
  /// Files of texts that have no labels but the teacher's predictions.
  std::vector<std::filesystem::path> unlabelled;
  double temperature = DistilOptions{}.temperature;
  double weight = DistilOptions{}.weight;
};

struct OutputPlan {
  std::filesystem::path dir;   ///< directory of the bundle
  std::string name;            ///< name of the model; empty: the name of the directory
  VersionPlan version{};       ///< version of the model; empty: VersionOfNew's
  bool overwrite = false;      ///< replace a directory that holds something else than a Winnow model
  bool keep_data = true;       ///< write the calibration set into the bundle
  bool tensorboard = false;    ///< write event files into runs/ of the directory
  int save_total_limit = 1;    ///< number of the best checkpoints to keep, in addition to the newest
  bool checkpoints = true;     ///< write checkpoints during a training
  bool resume = false;         ///< continue from the newest checkpoint
  bool begin_again = false;    ///< with resume: begin again, instead of failing, if the checkpoint is of another run
  bool discard_model = false;  ///< write no files, since only the metrics of the model are wanted
  Json retraining = {};        ///< member "retraining" of training_info.json; null: none
};

struct TrainingPlan {
  DataPlan data;
  ModelPlan model;
  TrainerPlan trainer;
  LinearPlan linear;
  CalibrationPlan calibration;
  DistillationPlan distillation;
  OutputPlan output;
  uint64_t seed = TrainerOptions{}.seed;  ///< random seed of splits, shuffles, dropout, new weights and augmentation

  /// Returns the number of synthetic texts as a share of the training texts: that of the plan, otherwise 0 or, if such
  /// texts are asked for, 0.5 for linear models and 0.1 for transformers. These learn the synthetic texts from fewer of
  /// them, and more would cost accuracy on the data (docs/benchmarks.md, "Spam of the present day").
  double SyntheticShare() const {
    const bool asked = data.synthetic || data.augment || data.synthetic_grammar;
    return data.synthetic_share.value_or(!asked ? 0 : model.transformer() ? 0.1 : SyntheticOptions{}.share);
  }
};

/// Returns true if each label gets the threshold with the best F1: if the plan says so or, by default, for multi-label
/// linear models whose thresholds have no guarantee.
bool TunesThresholds(const TrainingPlan& plan, bool multi_label);

/// Checks numbers against their ranges, names against the allowed values, and options against the kind of model.
/// Errors: kInvalidArgument, beginning with the name of the option ("--lr-scheduler: ...").
Result<void> CheckPlan(const TrainingPlan& plan);

/// Reads the weights of labels if class_weights names a file instead of a kind of weights: they take the place of its
/// name. Errors: those of ReadLabelWeights.
Result<void> ReadClassWeights(TrainerPlan& trainer);

}  // namespace winnow
