#include "onnx/import_bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "base/machine.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/training_info.h"
#include "onnx/linear_import.h"

namespace winnow {
namespace {

Result<std::vector<std::string>> LabelsFor(const ImportPlan& plan, const ImportedLinear& imported) {
  if (plan.labels.empty()) return imported.labels;
  if (plan.labels.size() == imported.labels.size()) {
    TRY(ValidateLabels(plan.labels, "--labels"));
    return plan.labels;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--labels has {} names, but {} has {} labels", plan.labels.size(), plan.model.string(),
                          imported.labels.size()),
              fmt::format("the labels in the file are {}", fmt::join(imported.labels, ", ")));
}

Result<std::string> PositiveLabelOf(const ImportPlan& plan, const std::vector<std::string>& labels) {
  if (plan.positive_label.empty()) return DefaultPositiveLabel(labels);
  if (std::ranges::find(labels, plan.positive_label) != labels.end()) return plan.positive_label;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--positive-label: there is no label '{}'", plan.positive_label),
              fmt::format("the labels are {}", fmt::join(labels, ", ")));
}

TrainingInfo InfoOf(const ImportPlan& plan, const ImportedLinear& imported, const Manifest& manifest,
                    const std::vector<std::string>& labels, const std::string& digest) {
  const FeatureOptions& features = imported.model.vectorizer().options();
  Json properties = Json::object();
  for (const auto& [key, value] : imported.properties) properties[key] = value;
  TrainingInfo info;
  info.name = manifest.name;
  info.base_model_id = plan.model.filename().string();
  info.timestamp = TimestampUtc();
  info.classes = labels;
  info.hyperparameters = {{"kind", manifest.kind},
                          {"analyzer", "word"},
                          {"ngrams", fmt::format("{}-{}", features.min_ngram, features.max_ngram)},
                          {"max_features", features.max_features},
                          {"sublinear", features.sublinear}};
  info.imported_from = {{"file", plan.model.filename().string()},
                        {"sha256", digest},
                        {"producer", imported.producer},
                        {"properties", properties}};
  info.num_features = imported.model.features();
  info.winnow_version = WINNOW_VERSION;
  return info;
}

}  // namespace

Result<ImportedBundle> ImportBundle(const ImportPlan& plan) {
  const ImportedLinear imported = TRY(ReadOnnxLinear(plan.model));
  const std::vector<std::string> labels = TRY(LabelsFor(plan, imported));
  const LinearModel& model = imported.model;
  Manifest manifest;
  manifest.name =
      plan.name.empty() ? std::filesystem::weakly_canonical(plan.output_dir).filename().string() : plan.name;
  manifest.version = TRY(VersionOfNew(plan.version, plan.output_dir, manifest.name));
  manifest.kind = model.kind() == LinearKind::kSvm ? "svm" : "lr";
  manifest.positive_label = TRY(PositiveLabelOf(plan, labels));
  manifest.temperature = imported.temperature;
  const TrainingInfo info = InfoOf(plan, imported, manifest, labels, TRY(Sha256OfFile(plan.model)));

  BundleWriter bundle = TRY(BundleWriter::Begin(plan.output_dir, plan.overwrite));
  if (bundle.replaces_model() && plan.warn) {
    plan.warn(plan.output_dir.string() + " contains a model, which will be replaced when the new one is complete");
  }
  TRY(model.Save(bundle.path() / kLinearFile));
  TRY(WriteLabelsFile(bundle.path() / kLabelsFile, labels));
  TRY(WriteTrainingInfo(bundle.path(), info));
  TRY(SealBundle(bundle.path(), manifest));
  TRY(bundle.Commit());
  return ImportedBundle{.kind = manifest.kind,
                        .labels = labels,
                        .positive_label = manifest.positive_label,
                        .features = static_cast<int64_t>(model.features()),
                        .has_probabilities = imported.has_probabilities};
}

}  // namespace winnow
