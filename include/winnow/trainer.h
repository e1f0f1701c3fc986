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
  kLogisticRegression,  ///< a linear model of TF-IDF features, which trains in less than a second
  kSvm,                 ///< a linear support vector machine of TF-IDF features
};

/// What is left empty is as `winnow train` has it without the option.
struct TrainOptions {
  std::vector<std::filesystem::path> data;  ///< labelled texts: CSV, TSV, JSONL or fastText files, or gzip of them
  std::optional<std::filesystem::path> validation = {};  ///< labelled texts that choose the best epoch
  std::optional<std::filesystem::path> test = {};        ///< labelled texts for the reported metrics alone
  std::optional<double> validation_size = {};            ///< share of `data` that is held out if `validation` is empty
  std::optional<double> test_size = {};                  ///< share of `data` that is held out if `test` is empty
  std::string text_field = {};                           ///< column or key of the text; empty: found by name
  std::vector<std::string> label_field = {};  ///< of the label; several: the 0/1 columns of a multi-label set
  std::vector<std::string> filter = {};       ///< conditions on the rows that are kept: "lang=en"
  std::string text_template = {};             ///< makes the text of several fields: "{subject} [SEP] {body:400}"
  std::string positive_label = {};            ///< that score and false-positive rate refer to; empty: by the labels

  std::filesystem::path output_dir;  ///< of the bundle; a Winnow model there is replaced once the new one is whole
  std::string name = {};             ///< of the model; empty: the directory's
  bool overwrite = false;            ///< replace a directory that holds something else than a Winnow model

  ModelKind kind = ModelKind::kTransformer;
  std::string base_model = {};         ///< a name of the Hugging Face hub, a directory, or "scratch"
  std::optional<int> max_length = {};  ///< tokens of a text that are read, special tokens included
  std::optional<LongText> long_text = {};
  bool fold_disguises = false;  ///< obfuscated texts are folded, in training and in classifying

  std::optional<int> epochs = {};
  std::optional<int> batch_size = {};        ///< texts per step
  std::optional<double> learning_rate = {};  ///< after warm-up
  std::string freeze = {};                   ///< "encoder", "embeddings" or a number of layers; empty: nothing
  std::optional<double> max_fpr = {};        ///< decision thresholds that guarantee this false-positive rate with 95 %
                                             ///< confidence
  std::optional<uint64_t> seed = {};
  int threads = 0;  ///< the caller's included; 0: all cores of the process
};

/// Where a training stands.
struct TrainProgress {
  int step = 0;         ///< steps done; 0 before the first one and for linear models
  int total_steps = 0;  ///< 0 until it is known
  double loss = 0;      ///< of the last step
  /// A line for people about what was done or found; empty after a mere step, and while a base model is received or
  /// texts are encoded before the first step.
  std::string message;
};

/// Called in the thread that trains, for each line, after each step, and now and then during the work before the first
/// step (receiving a base model, encoding texts once for a frozen encoder); false ends the training with kCancelled. Errors of the callback are its own: it
/// must not throw.
using TrainCallback = std::function<bool(const TrainProgress& progress)>;

/// What came out.
struct TrainResult {
  std::vector<std::string> labels;        ///< by label id
  std::map<std::string, double> metrics;  ///< by name: "accuracy", "f1_macro", "ece"; undefined ones are left out
  bool has_test = false;                  ///< whether the metrics are of a test part, or of the validation part
  size_t training_texts = 0, validation_texts = 0, test_texts = 0;
  double seconds = 0;  ///< of all of it
};

/// Trains and writes the bundle, whole or not at all. The same options, data and number of threads give the same
/// weights. Several trainings may run at the same time in threads of their own, if they write to different
/// directories. Errors: kInvalidArgument for options that make no sense; kNotFound, kIo, kInvalidData for data;
/// kNotFound, kNetwork, kInvalidModel, kUnsupported for base models; kExists for an output directory that holds
/// something else; kCancelled.
std::expected<TrainResult, Error> Train(const TrainOptions& options, const TrainCallback& on_progress = {});

}  // namespace winnow
