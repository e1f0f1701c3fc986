#include "calibrate/calibration_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "bundle/calibration_texts.h"
#include "bundle/load_check.h"
#include "bundle/training_info.h"
#include "data/data_digest.h"
#include "data/deduplicate.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

/// Returns true if the texts, or those that are left without duplicates, have the digest.
bool HasDigest(const Dataset& dataset, const std::string& sha256) {
  if (DataSha256(dataset) == sha256) return true;
  Dataset once = dataset;
  const size_t texts = once.examples.size();
  Deduplicate(once);
  return once.examples.size() != texts && DataSha256(once) == sha256;
}

}  // namespace

Result<Dataset> ReadCalibrationSet(const std::filesystem::path& bundle, const BundleClassifier& classifier) {
  const std::filesystem::path file = bundle / kCalibrationTextsFile;
  Dataset dataset{.examples = {}, .labels = {classifier.labels()}, .multi_label = classifier.multi_label()};
  TRY(CheckFiles(bundle, {kCalibrationTextsFile}));
  std::vector<CalibrationText> texts = TRY(ReadCalibrationTexts(file));
  for (CalibrationText& text : texts) {
    const std::string where = fmt::format("{}, line {}", file.string(), text.line);
    Example example{.text = std::move(text.text), .labels = {}, .file = file.string(), .row = text.line};
    for (const std::string& name : text.labels) {
      const int id = dataset.labels.Find(name);
      if (id < 0)
        return Fail(ErrorCode::kInvalidData,
                    fmt::format("{}: the label '{}' is not one of the model's labels", where, name), "remove this row");
      example.labels.push_back(id);
    }
    std::ranges::sort(example.labels);
    const auto repeated = std::ranges::unique(example.labels);
    example.labels.erase(repeated.begin(), repeated.end());
    if (!dataset.multi_label && example.labels.size() != 1)
      return Fail(ErrorCode::kInvalidData,
                  where + ": the text must have exactly one label, because the model is single-label",
                  "correct or remove this row");
    dataset.examples.push_back(std::move(example));
  }
  return dataset;
}

Result<void> WriteCalibrationSet(const std::filesystem::path& bundle, const Dataset& dataset) {
  std::vector<CalibrationText> texts;
  for (const Example& example : dataset.examples) {
    CalibrationText& text = texts.emplace_back();
    text.text = example.text;
    for (const int32_t label : example.labels) text.labels.push_back(dataset.labels.names[static_cast<size_t>(label)]);
  }
  return WriteCalibrationTexts(bundle, texts, dataset.multi_label);
}

std::string SeemsTrainedOn(const std::filesystem::path& bundle, const Dataset& dataset,
                           const BundleClassifier& classifier, bool given) {
  const Result<TrainingInfo> info = ReadTrainingInfo(bundle);
  if (info && !info->data_sha256.empty() && HasDigest(dataset, info->data_sha256)) {
    return "DATA contains the texts that the model was trained on";
  }
  const Result<Dataset> kept = given ? ReadCalibrationSet(bundle, classifier) : Result<Dataset>(Dataset());
  if (!kept || kept->examples.empty()) return {};
  std::unordered_set<std::string> keys;
  for (const Example& example : dataset.examples) keys.insert(DuplicateKey(example.text));
  const auto held = static_cast<size_t>(std::ranges::count_if(
      kept->examples, [&](const Example& example) { return keys.contains(DuplicateKey(example.text)); }));
  if (2 * held < kept->examples.size() || 2 * dataset.examples.size() < 3 * kept->examples.size()) return {};
  return fmt::format(
      "{} of the {} texts in DATA were held out from training; the others may have been used for training", held,
      dataset.examples.size());
}

std::string TrainingTextsWarning(const std::filesystem::path& bundle, const Dataset& dataset,
                                 const BundleClassifier& classifier) {
  const std::string why = SeemsTrainedOn(bundle, dataset, classifier, /*given=*/true);
  return why.empty() ? why : why + "; metrics on training texts are too optimistic";
}

}  // namespace winnow
