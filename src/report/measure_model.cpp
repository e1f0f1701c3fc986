#include "report/measure_model.h"

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "bundle/training_info.h"
#include "evaluate/evaluation.h"
#include "evaluate/latency.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTimedTexts = 200;
constexpr size_t kTimedSlowTexts = 50;  // each as many runs of a large model as there are labels
constexpr double kEvaluating = 0.8;     // of the time that one model takes, about

/// Texts from all over the file, which may be sorted.
std::vector<std::string_view> Sample(const Dataset& dataset, size_t most) {
  const size_t count = std::min(dataset.examples.size(), most);
  std::vector<std::string_view> texts;
  texts.reserve(count);
  for (size_t i = 0; i < count; ++i) texts.push_back(dataset.examples[dataset.examples.size() * i / count].text);
  return texts;
}

/// How something that classifies is measured.
struct Candidate {
  std::function<Result<Metrics>(const std::function<bool(size_t done)>& progress)> evaluate;
  std::function<Result<void>(std::string_view text)> classify;
  size_t timed_texts;
};

Result<void> Measure(const Candidate& candidate, const Dataset& dataset, const std::function<bool(double)>& progress,
                     ComparedModel& model) {
  const auto texts = static_cast<double>(dataset.examples.size());
  model.metrics =
      TRY(candidate.evaluate([&](size_t done) { return progress(kEvaluating * static_cast<double>(done) / texts); }));
  const std::vector<std::string_view> sample = Sample(dataset, candidate.timed_texts);
  model.single = Summarize(TRY(TimeSingleTexts(candidate.classify, sample, sample.size(), [&](double done) {
    return progress(kEvaluating + (1 - kEvaluating) * done);
  })));
  return {};
}

void Describe(const fs::path& bundle, const Manifest& manifest, std::string weights, ComparedModel& model) {
  model.version = manifest.version;
  model.kind = manifest.kind;
  model.base_model = BaseModelOf(bundle);
  model.weights = std::move(weights);
  model.size_mb = BundleMegabytes(bundle, model.weights);
}

}  // namespace

std::string BaseModelOf(const fs::path& bundle) {
  if (const auto info = ReadTrainingInfo(bundle); info && !info->base_model_id.empty()) return info->base_model_id;
  const auto field = [&](const char* key) -> std::string {
    const Result<std::string> text = ReadFile(bundle / "config.json");
    if (!text) return "";
    const Result<Json> json = ParseJson(*text, "config.json");
    if (!json || !json->is_object() || !json->contains(key) || !(*json)[key].is_string()) return "";
    return (*json)[key].get<std::string>();
  };
  const std::string name = field("_name_or_path");
  return name.empty() ? field("model_type") : name;
}

Result<void> MeasureModel(const fs::path& bundle, const BundleClassifier& classifier, const Dataset& dataset, Mode mode,
                          const std::function<bool(double)>& progress, ComparedModel& model) {
  std::vector<ClassifiedText> results;
  const Candidate candidate{
      .evaluate = [&](const auto& told) { return EvaluateClassifier(classifier, dataset, {.mode = mode}, told); },
      .classify =
          [&](std::string_view joined) {
            const InputTextView text = InputTextView::OfJoined(joined);
            return classifier.ClassifyInto({&text, 1}, {}, results);
          },
      .timed_texts = kTimedTexts};
  TRY(Measure(candidate, dataset, progress, model));
  Describe(bundle, classifier.manifest(), classifier.weights(), model);
  return {};
}

Result<void> MeasureModel(const fs::path& bundle, const ZeroShotClassifier& classifier, const Dataset& dataset,
                          Mode mode, const std::function<bool(double)>& progress, ComparedModel& model) {
  const Candidate candidate{
      .evaluate = [&](const auto& told) { return EvaluateZeroShot(classifier, dataset, {.mode = mode}, told); },
      .classify = [&](std::string_view text) -> Result<void> {
        TRY(classifier.Classify({&text, 1}));
        return {};
      },
      .timed_texts = kTimedSlowTexts};
  TRY(Measure(candidate, dataset, progress, model));
  Describe(bundle, classifier.manifest(), classifier.weights(), model);
  model.kind = "zero-shot";
  return {};
}

}  // namespace winnow
