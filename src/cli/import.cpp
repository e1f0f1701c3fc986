#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/machine.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/training_info.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "onnx/linear_import.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct ImportCommandOptions : CommonOptions {
  fs::path model;
  fs::path output_dir;
  std::vector<std::string> labels;
  std::string positive_label;
  std::string name;
  bool overwrite = false;
};

void Describe(ImportCommandOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.model, "An ONNX file").ValueName("MODEL.onnx").Required();
  table.Group("Output");
  table
      .Add("output-dir", &options.output_dir,
           "Directory for the model; an existing model is replaced when the new one is complete")
      .ValueName("DIR")
      .Required();
  table.Add("name", &options.name, "The model's name").Default("the output directory's");
  AddOverwrite(options.overwrite, table, "Replace --output-dir, whatever it contains");
  table.Group("Labels");
  table
      .Add("labels", &options.labels,
           "Label names in the order of the file, separated by commas: to name numbered labels, or to rename labels")
      .ValueName("LABELS")
      .Default("the file's");
  table
      .Add("positive-label", &options.positive_label,
           "The label that the thresholds refer to; for two labels the one named spam, toxic, 1 or similar, else the "
           "second")
      .Default("found by name");
  table.Describe(
      "Importable are word counts or TF-IDF followed by logistic regression or a linear SVM: scikit-learn's "
      "pipelines as skl2onnx writes them, and the word models of winnow export. The model's predictions equal those of "
      "onnxruntime with the same file.");
  table.Example("winnow import lr-tfidf-baseline.onnx --output-dir spam --labels ham,spam",
                "a model to classify, evaluate, compare and serve like any other");
}

Result<std::vector<std::string>> LabelsFor(const ImportCommandOptions& options, const ImportedLinear& imported) {
  if (options.labels.empty()) return imported.labels;
  if (options.labels.size() == imported.labels.size()) {
    TRY(ValidateLabels(options.labels, "--labels"));
    return options.labels;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--labels has {} names, {} has {} labels", options.labels.size(), options.model.string(),
                          imported.labels.size()),
              fmt::format("the file's own are {}", fmt::join(imported.labels, ", ")));
}

Result<std::string> PositiveLabelOf(const ImportCommandOptions& options, const std::vector<std::string>& labels) {
  if (options.positive_label.empty()) return DefaultPositiveLabel(labels);
  if (std::ranges::find(labels, options.positive_label) != labels.end()) return options.positive_label;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--positive-label: there is no label '{}'", options.positive_label),
              fmt::format("the labels are {}", fmt::join(labels, ", ")));
}

TrainingInfo InfoOf(const ImportCommandOptions& options, const ImportedLinear& imported, const Manifest& manifest,
                    const std::vector<std::string>& labels, const std::string& digest) {
  const FeatureOptions& features = imported.model.vectorizer().options();
  Json properties = Json::object();
  for (const auto& [key, value] : imported.properties) properties[key] = value;
  TrainingInfo info;
  info.name = manifest.name;
  info.base_model_id = options.model.filename().string();
  info.timestamp = TimestampUtc();
  info.classes = labels;
  info.hyperparameters = {{"kind", manifest.kind},
                          {"analyzer", "word"},
                          {"ngrams", fmt::format("{}-{}", features.min_ngram, features.max_ngram)},
                          {"max_features", features.max_features},
                          {"sublinear", features.sublinear}};
  info.imported_from = {{"file", options.model.filename().string()},
                        {"sha256", digest},
                        {"producer", imported.producer},
                        {"properties", properties}};
  info.num_features = imported.model.features();
  info.winnow_version = WINNOW_VERSION;
  return info;
}

Result<void> Run(const ImportCommandOptions& options) {
  const ImportedLinear imported = TRY(ReadOnnxLinear(options.model));
  const std::vector<std::string> labels = TRY(LabelsFor(options, imported));
  const LinearModel& model = imported.model;
  Manifest manifest;
  manifest.name = options.name.empty() ? fs::weakly_canonical(options.output_dir).filename().string() : options.name;
  manifest.kind = model.kind() == LinearKind::kSvm ? "svm" : "lr";
  manifest.positive_label = TRY(PositiveLabelOf(options, labels));
  manifest.temperature = imported.temperature;
  const TrainingInfo info = InfoOf(options, imported, manifest, labels, TRY(Sha256OfFile(options.model)));

  BundleWriter bundle = TRY(BundleWriter::Begin(options.output_dir, options.overwrite));
  if (bundle.replaces_model()) {
    LogWarning("{} contains a model, which will be replaced when the new one is complete", options.output_dir.string());
  }
  TRY(model.Save(bundle.path() / kLinearFile));
  TRY(WriteLabelsFile(bundle.path() / kLabelsFile, labels));
  TRY(WriteTrainingInfo(bundle.path(), info));
  TRY(SealBundle(bundle.path(), manifest));
  TRY(bundle.Commit());
  if (!imported.has_probabilities) {
    LogWarning(
        "the file has scores instead of probabilities: the labels are correct, but the confidence is not calibrated");
  }
  if (options.json) {
    return Print(DumpJsonLine({{"bundle", options.output_dir.string()},
                               {"kind", manifest.kind},
                               {"labels", labels},
                               {"positive_label", manifest.positive_label},
                               {"features", model.features()},
                               {"probabilities", imported.has_probabilities}}) +
                 "\n");
  }
  return Print(fmt::format("{}: {} features, labels {}{}\n", options.output_dir.string(), model.features(),
                           fmt::join(labels, ", "),
                           manifest.positive_label.empty() ? "" : ", positive: " + manifest.positive_label));
}

}  // namespace

Command ImportCommand() {
  return MakeCommand<ImportCommandOptions>("import", "Imports a scikit-learn TF-IDF pipeline from an ONNX file.",
                                           Describe, Run);
}

}  // namespace winnow
