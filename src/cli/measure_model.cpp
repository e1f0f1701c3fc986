#include "cli/measure_model.h"

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "evaluate/evaluation.h"
#include "evaluate/latency.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTimedTexts = 200;
constexpr double kEvaluating = 0.8;  // of the time that one model takes, about

/// What the bundle itself tells about where it comes from; it is no error where it doesn't.
std::string BaseModelOf(const fs::path& bundle) {
  const auto field = [&](const char* file, const char* key) -> std::string {
    const Result<std::string> text = ReadFile(bundle / file);
    if (!text) return "";
    const Result<Json> json = ParseJson(*text, file);
    if (!json || !json->is_object() || !json->contains(key) || !(*json)[key].is_string()) return "";
    return (*json)[key].get<std::string>();
  };
  std::string name = field("training_info.json", "base_model_id");
  if (name.empty()) name = field("config.json", "_name_or_path");
  return name.empty() ? field("config.json", "model_type") : name;
}

/// Texts from all over the file, which may be sorted.
std::vector<std::string_view> Sample(const Dataset& dataset) {
  const size_t count = std::min(dataset.examples.size(), kTimedTexts);
  std::vector<std::string_view> texts;
  texts.reserve(count);
  for (size_t i = 0; i < count; ++i) texts.push_back(dataset.examples[dataset.examples.size() * i / count].text);
  return texts;
}

}  // namespace

Result<void> MeasureModel(const fs::path& bundle, const BundleClassifier& classifier, const Dataset& dataset, Mode mode,
                          const std::function<bool(double)>& progress, ComparedModel& model) {
  const auto texts = static_cast<double>(dataset.examples.size());
  model.metrics = TRY(EvaluateClassifier(classifier, dataset, {.mode = mode}, [&](size_t done) {
    return progress(kEvaluating * static_cast<double>(done) / texts);
  }));
  const std::vector<std::string_view> sample = Sample(dataset);
  model.single = Summarize(TRY(TimeSingleTexts(classifier, sample, sample.size(), [&](double done) {
    return progress(kEvaluating + (1 - kEvaluating) * done);
  })));
  model.version = classifier.manifest().version;
  model.kind = classifier.manifest().kind;
  model.base_model = BaseModelOf(bundle);
  model.weights = classifier.weights();
  model.size_mb = BundleMegabytes(bundle, model.weights);
  return {};
}

}  // namespace winnow
