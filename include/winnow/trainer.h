/// Trains classifiers, as `winnow train` does: reads labelled texts, fine-tunes a base model or fits a linear model,
/// calibrates it, measures it, and writes a bundle that Classifier::Load reads. Part of the installed API; standard
/// library only.
///
///   winnow::TrainOptions options;
///   options.data = {"messages.tsv"};
///   options.output_dir = "spam";
///   const auto trained = winnow::Train(options);
///   if (!trained) return std::cerr << trained.error().Text(), 1;
///   std::cout << trained->metrics.at("accuracy");
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "winnow/classifier.h"
#include "winnow/error.h"

namespace winnow {

enum class ModelKind {
  kTransformer,         ///< a fine-tuned base model
  kLogisticRegression,  ///< a linear model of TF-IDF features, which trains in seconds
  kSvm,                 ///< a linear support vector machine of TF-IDF features
};

/// Options of a training. Members that are left empty have the defaults of `winnow train`.
struct TrainOptions {
  std::vector<std::filesystem::path> data;  ///< labelled texts: CSV, TSV, JSONL or fastText files, or gzip of them
  std::optional<std::filesystem::path> validation = {};  ///< labelled texts that choose the best epoch
  std::optional<std::filesystem::path> test = {};        ///< labelled texts for the reported metrics alone
  std::optional<double> validation_size = {};            ///< share of `data` that is held out if `validation` is empty
  std::optional<double> test_size = {};                  ///< share of `data` that is held out if `test` is empty
  std::string text_field = {};                           ///< column or key of the text; empty: found by name
  /// Column or key of the label; several: the 0/1 columns of a multi-label set.
  std::vector<std::string> label_field = {};
  std::vector<std::string> filter = {};  ///< conditions on the rows that are kept: "lang=en"
  std::string text_template = {};        ///< makes the text of several fields: "{subject} [SEP] {body:400}"
  /// Label that decision thresholds, score and false-positive rate refer to; empty: chosen by the names of the labels.
  std::string positive_label = {};

  /// Directory of the bundle; a Winnow model in it is replaced once the new one is complete.
  std::filesystem::path output_dir;
  std::string name = {};   ///< name of the model; empty: the name of the output directory
  bool overwrite = false;  ///< replace a directory that holds something else than a Winnow model

  ModelKind kind = ModelKind::kTransformer;
  std::string base_model = {};         ///< name of a model of the Hugging Face hub, a directory, or "scratch"
  std::optional<int> max_length = {};  ///< maximum length in tokens, special tokens included
  std::optional<LongText> long_text = {};
  bool fold_disguises = false;  ///< true if obfuscated texts are folded, in training and in classification

  std::optional<int> epochs = {};
  std::optional<int> batch_size = {};        ///< texts per step
  std::optional<double> learning_rate = {};  ///< learning rate at the end of the warm-up
  std::string freeze = {};                   ///< weights to freeze: "encoder", "embeddings" or a number of layers
  /// False-positive rate that the decision thresholds guarantee with 95 % confidence; empty: no guarantee.
  std::optional<double> max_fpr = {};
  std::optional<uint64_t> seed = {};
  int threads = 0;  ///< number of threads, the caller's thread included; 0: all cores of the process
};

/// The progress of a training.
struct TrainProgress {
  int step = 0;         ///< number of completed steps; 0 before the first step and for linear models
  int total_steps = 0;  ///< total number of steps; 0 until it is known
  double loss = 0;      ///< training loss of the last step
  /// One line of text about what was done or found, for people. Empty after a step without news, and while a base model
  /// is downloaded or texts are encoded before the first step.
  std::string message;
};

/// Function that receives the progress of a training. It is called in the thread that trains: for each message, after
/// each step and evaluation, and at intervals during the work before the first step (downloading a base model, encoding
/// texts for a frozen encoder). Returning false ends the training with kCancelled. The function must not throw.
using TrainCallback = std::function<bool(const TrainProgress& progress)>;

/// The result of a training.
struct TrainResult {
  std::vector<std::string> labels;  ///< names of the labels, by label id
  /// Metrics by name: "accuracy", "f1_macro", "ece"; undefined metrics are left out.
  std::map<std::string, double> metrics;
  bool has_test = false;  ///< true if the metrics were measured on a test part, false if on the validation part
  size_t training_texts = 0, validation_texts = 0, test_texts = 0;
  double seconds = 0;  ///< wall time of the whole training
};

/// Trains a model and writes the bundle; after an error no incomplete bundle is left. Equal options, data and numbers
/// of threads give equal weights. Several trainings may run at the same time in separate threads if they write to
/// different directories. Errors: kInvalidArgument for options that are not valid; kNotFound, kIo, kInvalidData for
/// data; kNotFound, kNetwork, kInvalidModel, kUnsupported for base models; kExists for an output directory that
/// contains other files; kCancelled.
std::expected<TrainResult, Error> Train(const TrainOptions& options, const TrainCallback& on_progress = {});

}  // namespace winnow
