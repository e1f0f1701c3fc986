/// training_info.json: the inputs and the results of a training. This header is the only place that knows the file's
/// name and keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

inline constexpr char kTrainingInfoFile[] = "training_info.json";

/// One evaluation on the validation part.
struct EvaluationRecord {
  double epoch = 0;  ///< number of passes over the training part, fractions included
  int step = 0;
  double train_loss = 0, validation_loss = 0;
  double accuracy = 0, f1_macro = 0;
};

/// The contents of training_info.json. Members that a model has no value for keep the default, which is written as null
/// or left out.
struct TrainingInfo {
  std::string name;
  /// Name of the base model; for a linear model its features, for an imported model its file.
  std::string base_model_id;
  std::string timestamp;  ///< UTC, ISO 8601
  /// Number of epochs, and the best one, of a training that has epochs.
  std::optional<double> epochs_run, best_epoch;
  std::optional<double> val_macro_f1, val_accuracy;  ///< metrics on the validation part
  Json metrics = Json::object();                     ///< metric by name; null if a metric is undefined
  /// 95 % confidence intervals by metric, [low, high] or null; null if the file has none.
  Json intervals;
  /// Accuracy by slice of the texts that `metrics` were measured on: [{by, name, count, accuracy, interval,
  /// stands_out}]; null if the file has none.
  Json slices;
  std::string metrics_of;  ///< part that `metrics` were measured on: "test" or "validation"
  /// Decision thresholds of the moderate mode that `metrics` were measured with: {moderate, labels: {label:
  /// threshold}}; null if the file has none.
  Json decision_thresholds;
  size_t sample_count = 0, validation_count = 0, test_count = 0;  ///< number of texts of each part
  size_t added_count = 0;  ///< number of training texts that data augmentation added
  /// Number of texts without labels whose labels a teacher predicted; `sample_count` does not contain them.
  size_t unlabelled_count = 0;
  std::optional<double> tokens_per_second;
  uint64_t peak_memory_mb = 0;
  std::vector<std::string> classes;   ///< names of the labels by id
  std::vector<int64_t> label_counts;  ///< [classes] number of training texts with each label
  double training_seconds = 0;        ///< wall time of the whole run, in milliseconds' precision; see docs/bundle.md
  double inference_ms = 0;            ///< mean time of classifying one text alone, without tokenization
  Json hyperparameters;               ///< hyperparameter values by name; null if the file has none
  /// What the training was asked for, where the values depend on the data otherwise; null if the file has none.
  Json configuration;
  Json retraining;          ///< the data that a retraining added, and to which model's; null for another training
  std::string data_sha256;  ///< digest of the training part without added texts (data/data_digest.h)
  std::string cpu, cpu_extensions;
  int threads = 0;
  std::vector<EvaluationRecord> history;
  std::string winnow_version;
  Json calibration;                    ///< metrics before and after calibration; null without calibration
  std::optional<size_t> num_features;  ///< number of features of a linear model
  std::optional<double> fit_seconds;   ///< time of fitting a linear model; absent if the model was imported
  Json imported_from;                  ///< source of an imported model, which was not trained by Winnow; otherwise null
};

/// Rounds seconds and rates to three digits after the decimal point, the precision of training_info.json.
double RoundedToThousandths(double value);

/// Returns the document as it is written to training_info.json.
Json TrainingInfoJson(const TrainingInfo& info);

/// Reads a document that Winnow or another program wrote: members that are missing or of another type keep their
/// defaults. `where` is the beginning of error messages. Errors: kInvalidModel for a text that is not a JSON object.
Result<TrainingInfo> ParseTrainingInfo(std::string_view text, std::string_view where);

/// Reads the file of a bundle. Errors: ReadFile's (kNotFound, kIo), ParseTrainingInfo's.
Result<TrainingInfo> ReadTrainingInfo(const std::filesystem::path& bundle);

/// Writes the file into a bundle, atomically. Errors: kIo.
Result<void> WriteTrainingInfo(const std::filesystem::path& bundle, const TrainingInfo& info);

}  // namespace winnow
