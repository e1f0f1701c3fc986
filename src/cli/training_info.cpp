#include "cli/training_info.h"

#include <cmath>

#include "base/hash.h"
#include "base/machine.h"
#include "report/metrics_report.h"

namespace winnow {
namespace {

/// Three digits after the point are enough for seconds and rates, and easier to read.
double Rounded(double value) { return std::round(value * 1000) / 1000; }

/// Whole passes over the texts as a whole number.
Json Epochs(double epochs) { return epochs == std::floor(epochs) ? Json(static_cast<int>(epochs)) : Json(epochs); }

double TokensPerSecond(const TrainingResult& result) {
  return std::round(static_cast<double>(result.state.tokens) / result.state.training_seconds);
}

Json History(std::span<const Evaluation> evaluations) {
  Json history = Json::array();
  for (const Evaluation& epoch : evaluations) {
    history.push_back({{"epoch", Epochs(epoch.epoch)},
                       {"step", epoch.step},
                       {"train_loss", epoch.train_loss},
                       {"validation_loss", epoch.validation_loss},
                       {"accuracy", epoch.accuracy},
                       {"f1_macro", epoch.f1_macro}});
  }
  return history;
}

}  // namespace

std::string DataSha256(const Dataset& dataset) {
  Hasher hasher(Hasher::Kind::kSha256);
  CanonicalBytes(dataset, [&](std::string_view bytes) { hasher.Update(bytes); });
  return hasher.Hex();
}

Json TrainingInfoJson(const TrainingInfo& info) {
  Json counts;
  for (const std::string& label : info.train->labels.names) counts[label] = 0;
  for (const Example& example : info.train->examples) {
    for (const int32_t label : example.labels) {
      auto& count = counts[info.train->labels.names[static_cast<size_t>(label)]];
      count = count.get<int64_t>() + 1;
    }
  }
  const Evaluation* best = info.result == nullptr ? nullptr : &info.result->best();
  Json document = {
      {"name", info.name},
      {"base_model_id", info.base_model},
      {"timestamp", TimestampUtc()},
      {"epochs_run", best == nullptr ? Json() : Epochs(info.result->state.evaluations.back().epoch)},
      {"best_epoch", best == nullptr ? Json() : Epochs(best->epoch)},
      {"val_macro_f1", best == nullptr ? info.val_macro_f1 : best->f1_macro},
      {"val_accuracy", best == nullptr ? info.val_accuracy : best->accuracy},
      {"metrics", FiguresJson(*info.metrics)},
      {"metrics_of", info.metrics_of},
      {"sample_count", info.train->examples.size()},
      {"validation_count", info.validation_count},
      {"test_count", info.test_count},
      {"tokens_per_second", best == nullptr ? Json() : Json(TokensPerSecond(*info.result))},
      {"peak_memory_mb", PeakMemoryBytes() / (1 << 20)},
      {"label_counts", counts},
      {"num_classes", info.train->labels.size()},
      {"classes", info.train->labels.names},
      {"training_time_seconds", Rounded(info.total_seconds)},
      {"training_time_minutes", Rounded(info.total_seconds / 60)},
      {"avg_inference_time_ms", Rounded(info.inference_ms)},
      {"hyperparameters", info.hyperparameters},
      {"data_sha256", DataSha256(*info.train)},
      {"hardware", {{"cpu", CpuName()}, {"extensions", CpuExtensions()}, {"threads", info.threads}}},
  };
  if (best != nullptr) document["history"] = History(info.result->state.evaluations);
  document["winnow_version"] = WINNOW_VERSION;
  return document;
}

}  // namespace winnow
