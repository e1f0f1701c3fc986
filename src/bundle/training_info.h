/// training_info.json: what a training was given and what came of it. This header is the only place that knows the
/// file's name and keys.
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
  double epoch = 0;  ///< passes over the training part, fractions included
  int step = 0;
  double train_loss = 0, validation_loss = 0;
  double accuracy = 0, f1_macro = 0;
};

/// A plain record. Members that a model has no value for keep the default, which is written as null or left out.
struct TrainingInfo {
  std::string name;
  std::string base_model_id;  ///< the base model; of a linear model its features, of an imported model its file
  std::string timestamp;      ///< UTC, ISO 8601
  std::optional<double> epochs_run, best_epoch;      ///< of a training by epochs
  std::optional<double> val_macro_f1, val_accuracy;  ///< on the validation part
  Json metrics = Json::object();                     ///< number by name, null where a metric is undefined
  std::string metrics_of;                            ///< "test" or "validation": the part that was measured
  size_t sample_count = 0, validation_count = 0, test_count = 0;  ///< texts of each part
  std::optional<double> tokens_per_second;
  uint64_t peak_memory_mb = 0;
  std::vector<std::string> classes;   ///< label names by id
  std::vector<int64_t> label_counts;  ///< [classes] training texts with each label
  double training_seconds = 0;        ///< of the whole run, to a millisecond
  double inference_ms = 0;            ///< mean time of one text alone, without tokenizing
  Json hyperparameters;               ///< value by name; null where the file has none
  std::string data_sha256;            ///< of the training part (data/data_digest.h)
  std::string cpu, cpu_extensions;
  int threads = 0;
  std::vector<EvaluationRecord> history;
  std::string winnow_version;
  Json calibration;                    ///< metrics before and after calibration; null where nothing was calibrated
  std::optional<size_t> num_features;  ///< of a linear model
  std::optional<double> fit_seconds;   ///< of a linear model that was trained here
  Json imported_from;                  ///< of an imported model, which has no training of its own; else null
};

/// Rounds seconds and rates to three digits after the point, as training_info.json has them.
double RoundedToThousandths(double value);

/// The document.
Json TrainingInfoJson(const TrainingInfo& info);

/// Reads what this or another program wrote: members that are missing or of another type are left at their defaults.
/// `where` begins messages. Errors: kInvalidModel for a text that is not a JSON object.
Result<TrainingInfo> ParseTrainingInfo(std::string_view text, std::string_view where);

/// Reads the file of a bundle. Errors: ReadFile's (kNotFound, kIo), ParseTrainingInfo's.
Result<TrainingInfo> ReadTrainingInfo(const std::filesystem::path& bundle);

/// Writes the file into a bundle, atomically. Errors: kIo.
Result<void> WriteTrainingInfo(const std::filesystem::path& bundle, const TrainingInfo& info);

}  // namespace winnow
