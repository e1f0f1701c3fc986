#include "bundle/training_info.h"

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/json_or_null.h"

namespace winnow {
namespace {

/// Returns a number of epochs, as an integer if they are whole.
Json Epochs(double epochs) { return epochs == std::floor(epochs) ? Json(static_cast<int>(epochs)) : Json(epochs); }

/// The members that only a training has.
void AddTraining(const TrainingInfo& info, Json& json) {
  Json counts = Json::object();
  for (size_t i = 0; i < info.classes.size(); ++i) {
    counts[info.classes[i]] = i < info.label_counts.size() ? info.label_counts[i] : 0;
  }
  json["epochs_run"] = info.epochs_run ? Epochs(*info.epochs_run) : Json();
  json["best_epoch"] = info.best_epoch ? Epochs(*info.best_epoch) : Json();
  json["val_macro_f1"] = OrNull(info.val_macro_f1);
  json["val_accuracy"] = OrNull(info.val_accuracy);
  json["metrics"] = info.metrics;
  json["metrics_of"] = info.metrics_of;
  if (!info.intervals.is_null()) json["intervals"] = info.intervals;
  if (!info.slices.is_null()) json["slices"] = info.slices;
  if (!info.decision_thresholds.is_null()) json["decision_thresholds"] = info.decision_thresholds;
  json["sample_count"] = info.sample_count;
  if (info.added_count > 0) json["added_count"] = info.added_count;
  if (info.unlabelled_count > 0) json["unlabelled_count"] = info.unlabelled_count;
  json["validation_count"] = info.validation_count;
  json["test_count"] = info.test_count;
  json["tokens_per_second"] = OrNull(info.tokens_per_second);
  json["peak_memory_mb"] = info.peak_memory_mb;
  json["label_counts"] = counts;
}

void AddTimes(const TrainingInfo& info, Json& json) {
  json["training_time_seconds"] = info.training_seconds;
  json["training_time_minutes"] = RoundedToThousandths(info.training_seconds / 60);
  json["avg_inference_time_ms"] = info.inference_ms;
}

Json History(const std::vector<EvaluationRecord>& evaluations) {
  Json history = Json::array();
  for (const EvaluationRecord& evaluation : evaluations) {
    history.push_back({{"epoch", Epochs(evaluation.epoch)},
                       {"step", evaluation.step},
                       {"train_loss", evaluation.train_loss},
                       {"validation_loss", evaluation.validation_loss},
                       {"accuracy", evaluation.accuracy},
                       {"f1_macro", evaluation.f1_macro}});
  }
  return history;
}

/// Members of a document that may have any form.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}

  std::string String(const char* key) const {
    const Json* const found = json_.Find(key);
    return found != nullptr && found->is_string() ? found->get<std::string>() : "";
  }
  std::optional<double> Number(const char* key) const {
    const Json* const found = json_.Find(key);
    return found != nullptr && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
  }
  std::optional<size_t> Count(const char* key) const {
    const Json* const found = json_.Find(key);
    if (found == nullptr || !found->is_number_integer()) return std::nullopt;
    return static_cast<size_t>(std::max<int64_t>(found->get<int64_t>(), 0));
  }
  Json Object(const char* key, Json otherwise) const {
    const Json* const found = json_.Find(key);
    return found != nullptr && found->is_object() ? *found : std::move(otherwise);
  }
  /// Returns the elements of an array; none if the member is missing or something else.
  std::vector<Json> Array(const char* key) const {
    const Json* const found = json_.Find(key);
    return found != nullptr && found->is_array() ? std::vector<Json>(found->begin(), found->end())
                                                 : std::vector<Json>();
  }

 private:
  const Json& json_;
};

void ReadHistory(const Members& members, TrainingInfo& info) {
  for (const Json& element : members.Array("history")) {
    if (!element.is_object()) continue;
    const Members evaluation(element);
    info.history.push_back({.epoch = evaluation.Number("epoch").value_or(0),
                            .step = static_cast<int>(std::min<size_t>(evaluation.Count("step").value_or(0), 1 << 30)),
                            .train_loss = evaluation.Number("train_loss").value_or(0),
                            .validation_loss = evaluation.Number("validation_loss").value_or(0),
                            .accuracy = evaluation.Number("accuracy").value_or(0),
                            .f1_macro = evaluation.Number("f1_macro").value_or(0)});
  }
}

}  // namespace

double RoundedToThousandths(double value) { return std::round(value * 1000) / 1000; }

Json TrainingInfoJson(const TrainingInfo& info) {
  const bool imported = !info.imported_from.is_null();
  Json json = {{"name", info.name}, {"base_model_id", info.base_model_id}, {"timestamp", info.timestamp}};
  if (!imported) AddTraining(info, json);
  json["num_classes"] = info.classes.size();
  json["classes"] = info.classes;
  if (!imported) AddTimes(info, json);
  json["hyperparameters"] = info.hyperparameters;
  if (!info.configuration.is_null()) json["configuration"] = info.configuration;
  if (!info.retraining.is_null()) json["retraining"] = info.retraining;
  if (imported) {
    json["imported_from"] = info.imported_from;
  } else {
    json["data_sha256"] = info.data_sha256;
    json["hardware"] = {{"cpu", info.cpu}, {"extensions", info.cpu_extensions}, {"threads", info.threads}};
  }
  if (!info.history.empty()) json["history"] = History(info.history);
  json["winnow_version"] = info.winnow_version;
  if (!info.calibration.is_null()) json["calibration"] = info.calibration;
  if (info.num_features) json["num_features"] = *info.num_features;
  if (info.fit_seconds) json["fit_seconds"] = *info.fit_seconds;
  return json;
}

Result<TrainingInfo> ParseTrainingInfo(std::string_view text, std::string_view where) {
  const Result<Json> json = ParseJsonLeniently(text, JsonOrder::kAsWritten);
  if (!json) return Fail(ErrorCode::kInvalidModel, std::string(where) + ": " + json.error().message);
  if (!json->is_object()) return Fail(ErrorCode::kInvalidModel, std::string(where) + ": is not a JSON object");
  const Members members(*json);
  TrainingInfo info;
  info.name = members.String("name");
  info.base_model_id = members.String("base_model_id");
  info.timestamp = members.String("timestamp");
  info.epochs_run = members.Number("epochs_run");
  info.best_epoch = members.Number("best_epoch");
  info.val_macro_f1 = members.Number("val_macro_f1");
  info.val_accuracy = members.Number("val_accuracy");
  info.metrics = members.Object("metrics", Json::object());
  info.metrics_of = members.String("metrics_of");
  info.intervals = members.Object("intervals", Json());
  if (const std::vector<Json> slices = members.Array("slices"); !slices.empty()) info.slices = Json(slices);
  info.decision_thresholds = members.Object("decision_thresholds", Json());
  info.sample_count = members.Count("sample_count").value_or(0);
  info.added_count = members.Count("added_count").value_or(0);
  info.unlabelled_count = members.Count("unlabelled_count").value_or(0);
  info.validation_count = members.Count("validation_count").value_or(0);
  info.test_count = members.Count("test_count").value_or(0);
  info.tokens_per_second = members.Number("tokens_per_second");
  info.peak_memory_mb = members.Count("peak_memory_mb").value_or(0);
  const Json counts = members.Object("label_counts", Json::object());
  for (const Json& label : members.Array("classes")) {
    if (!label.is_string()) continue;
    info.classes.push_back(label.get<std::string>());
    info.label_counts.push_back(static_cast<int64_t>(Members(counts).Count(info.classes.back().c_str()).value_or(0)));
  }
  info.training_seconds = members.Number("training_time_seconds").value_or(0);
  info.inference_ms = members.Number("avg_inference_time_ms").value_or(0);
  info.hyperparameters = members.Object("hyperparameters", Json());
  info.configuration = members.Object("configuration", Json());
  info.retraining = members.Object("retraining", Json());
  info.data_sha256 = members.String("data_sha256");
  const Json hardware = members.Object("hardware", Json::object());
  info.cpu = Members(hardware).String("cpu");
  info.cpu_extensions = Members(hardware).String("extensions");
  info.threads = static_cast<int>(std::min<size_t>(Members(hardware).Count("threads").value_or(0), 1 << 30));
  ReadHistory(members, info);
  info.winnow_version = members.String("winnow_version");
  info.calibration = members.Object("calibration", Json());
  info.num_features = members.Count("num_features");
  info.fit_seconds = members.Number("fit_seconds");
  info.imported_from = members.Object("imported_from", Json());
  return info;
}

Result<TrainingInfo> ReadTrainingInfo(const std::filesystem::path& bundle) {
  const std::filesystem::path file = bundle / kTrainingInfoFile;
  return ParseTrainingInfo(TRY(ReadFile(file)), file.string());
}

Result<void> WriteTrainingInfo(const std::filesystem::path& bundle, const TrainingInfo& info) {
  return WriteFileAtomically(bundle / kTrainingInfoFile, TrainingInfoJson(info).dump(2) + "\n");
}

}  // namespace winnow
