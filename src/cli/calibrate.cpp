#include "cli/calibrate.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/calibration_texts.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "calibrate/calibration_set.h"
#include "calibrate/calibration_text.h"
#include "calibrate/calibrator.h"
#include "calibrate/scope_text.h"
#include "classify/bundle_classifier.h"
#include "cli/calibration_options.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/labelled_data.h"
#include "cli/output.h"
#include "cli/scope.h"
#include "onnx/export.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kOnnxMetadata[] = "onnx/model_metadata.json";

struct CalibrateOptions : LabelledDataOptions {
  fs::path bundle;
  std::vector<fs::path> data;
  CalibrationOptions calibrating;
  ScopeCommandOptions scope;
  bool reset = false;
  bool force = false;
  std::optional<fs::path> output;
  bool overwrite = false;
  bool dry_run = false;
};

void Describe(CalibrateOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table
      .AddPositional("data", &options.data,
                     "Labelled texts that the model was not trained on: CSV, TSV, JSONL or fastText files, optionally "
                     "gzip-compressed")
      .Default("calibration.jsonl in BUNDLE");
  table.Group("Data");
  AddTextField(options.reading.text_field, table);
  AddLabelField(options.reading.label_field, table);
  AddFilter(options.reading.filter, table);
  table.Add("force", &options.force, "Accept texts that the model was apparently trained on");
  table.Group("Calibration");
  AddCalibrationOptions(options.calibrating, table, /*of_a_bundle=*/true);
  AddScopeOptions(options.scope, table);
  table.Group("Calibration");
  table.Add("reset", &options.reset, "Reset the decision thresholds to 0.3, 0.5 and 0.7, and remove abstention");
  AddWeightsOption(options.weights, table);
  table.Group("Output");
  table.Add("output", &options.output, "Write the calibrated model into this directory, and leave BUNDLE unchanged")
      .ValueName("DIR");
  AddOverwrite(options.overwrite, table);
  table.Add("dry-run", &options.dry_run, "Show the result without writing anything");
  table.Describe(
      "Guarantee of the decision thresholds: if future texts are like the calibration set, at most the "
      "share --max-fpr of the negatives is assigned the positive label, with confidence --confidence. "
      "Guarantee of abstention: at most the share --max-error of all future texts is decided wrongly "
      "without abstention. The calibration set in BUNDLE also chose the best epoch; for guarantees without "
      "this limitation, specify DATA.");
  table.Example("winnow calibrate spam recent.tsv --max-fpr .02",
                "at most 2 % of the negatives are flagged, with 95 % confidence");
  table.Example("winnow calibrate spam recent.tsv --max-error .01 --dry-run",
                "number of texts that would go to review");
}

Result<Dataset> ReadTextsFor(const CalibrateOptions& options, const BundleClassifier& classifier) {
  if (options.data.empty()) {
    LogInfo("calibration set: {}, which also chose the best epoch when the model was trained",
            (options.bundle / kCalibrationTextsFile).string());
    return ReadCalibrationSet(options.bundle, classifier);
  }
  ReadReport report;
  Result<Dataset> dataset = ReadLabelledData(classifier, options.data, options.reading, report);
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  return dataset;
}

/// Logits of one window a text: what a temperature is fitted on, as in training. Texts of several windows are read at
/// their head and tail.
Result<std::vector<float>> LogitsOf(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                    TokenizedTexts& tokens, const std::string& what) {
  ProgressBar bar(what, static_cast<int64_t>(texts.size()));
  std::vector<float> logits = TRY(classifier.Logits(texts, tokens, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return logits;
}

/// Digests stay as they are: a damaged weight stays a damaged weight. What lies beside ONNX files follows.
Result<void> WriteInto(const fs::path& dir, const Manifest& manifest, bool has_onnx) {
  TRY(WriteManifest(dir, manifest));
  if (!has_onnx) return {};
  TRY(WriteOnnxMetadata(dir, dir));
  return SealOnnxFiles(dir);
}

Result<void> Write(const CalibrateOptions& options, Manifest manifest, const ScopeRule* scope) {
  std::error_code ignored;
  const bool has_onnx = fs::exists(options.bundle / kOnnxMetadata, ignored);
  const fs::path& target = options.output.value_or(options.bundle);
  if (!options.output && scope == nullptr && !options.scope.remove) {
    TRY(WriteInto(options.bundle, manifest, has_onnx));
    LogInfo("calibrated {}", options.bundle.string());
    return {};
  }
  // The rule has a file of its own beside the manifest: the bundle is replaced as a whole.
  BundleWriter writer = TRY(BundleWriter::Begin(target, options.overwrite));
  TRY(LinkBundleFiles(options.bundle, writer.path(), [&](const std::string& name) {
    const bool forgotten = name == kScopeFile && (scope != nullptr || options.scope.remove);
    return !(options.output && name.starts_with("checkpoint-")) && name != kOnnxMetadata && !forgotten;
  }));
  if (scope != nullptr) {
    TRY(WriteScopeRule(writer.path() / kScopeFile, *scope));
    manifest.sha256[kScopeFile] = TRY(Sha256OfFile(writer.path() / kScopeFile));
  } else if (options.scope.remove) {
    manifest.sha256.erase(kScopeFile);
  }
  TRY(WriteInto(writer.path(), manifest, has_onnx));
  TRY(writer.Commit());
  LogInfo("calibrated {}", target.string());
  return {};
}

/// Texts that the model was trained on make no calibration, unless --force says so.
Result<void> RefuseTrainingTexts(const CalibrateOptions& options, const Dataset& dataset,
                                 const BundleClassifier& classifier) {
  const std::string why = SeemsTrainedOn(options.bundle, dataset, classifier, !options.data.empty());
  if (why.empty()) return {};
  if (!options.force) {
    return Fail(ErrorCode::kInvalidData, why,
                "calibrate on texts that the model was not trained on: leave DATA out to use those in BUNDLE, or "
                "pass --force to use these texts nevertheless");
  }
  LogWarning("{}", why);
  return {};
}

/// Returns the name of the texts for the manifest.
std::string SourceOf(const CalibrateOptions& options) {
  if (options.data.empty()) return kCalibrationTextsFile;
  const std::string first = options.data.front().filename().string();
  return options.data.size() == 1 ? first : fmt::format("{} and {} more", first, options.data.size() - 1);
}

Result<Manifest> FormerManifest(const CalibrateOptions& options) {
  Manifest manifest = TRY(ReadManifest(options.bundle));
  if (options.reset) {
    manifest.thresholds = {};
    manifest.abstain.reset();
  }
  return manifest;
}

/// Chooses calibration, thresholds, abstention and scope from the texts, and writes them.
Result<CalibratedBundle> CalibrateOn(const HeldOutTexts& texts, const BundleClassifier& classifier,
                                     const CalibrateOptions& options) {
  Manifest manifest = TRY(FormerManifest(options));
  const CalibrationResult result = TRY(Calibrator(texts, options.calibrating).Calibrate(manifest));
  TRY(CheckInterrupted());
  CalibratedBundle calibrated{.text = CalibrationReportText(result), .json = CalibrationReportJson(result, manifest)};
  std::optional<ScopeFit> scope;
  if (options.scope.asked()) {
    scope = TRY(ChooseScope(classifier, texts, options.calibrating.confidence, options.scope));
    calibrated.text += "\n" + ScopeFitText(*scope);
    calibrated.json["out_of_scope"] = ScopeFitJson(*scope);
    for (const std::string& note : scope->notes) LogInfo("{}", note);
  }
  if (!options.dry_run) TRY(Write(options, manifest, scope ? &scope->rule : nullptr));
  return calibrated;
}

Result<CalibratedBundle> Calibrated(const CalibrateOptions& options, ThreadPool& pool) {
  const BundleClassifier classifier = TRY(BundleClassifier::Load(options.bundle, pool, options.weights));
  const Dataset dataset = TRY(ReadTextsFor(options, classifier));
  TRY(RefuseTrainingTexts(options, dataset, classifier));
  const bool pooled = classifier.manifest().long_text == LongText::kWindows;
  TRY(CheckEnoughTexts(options.calibrating, dataset, classifier.positive_label(), pooled));

  const std::vector<InputTextView> views = InputTexts(dataset);
  TokenizedTexts tokens;
  const std::vector<float> logits = TRY(LogitsOf(classifier, views, tokens, "calibrate"));
  std::vector<float> whole = logits;
  if (!tokens.whole()) {
    TokenizedTexts single;
    const BundleClassifier short_reader =
        TRY(BundleClassifier::Load(options.bundle, pool, options.weights, LongText::kHeadTail));
    whole = TRY(LogitsOf(short_reader, views, single, "calibrate, head and tail"));
  }
  const HeldOutTexts texts{.dataset = dataset,
                           .logits = std::move(whole),
                           .predict = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                             return classifier.ProbabilitiesOfLogits(logits, tokens, calibration);
                           },
                           .positive_label = classifier.positive_label(),
                           .pooled = pooled,
                           .source = SourceOf(options),
                           .weights = classifier.weights()};
  return CalibrateOn(texts, classifier, options);
}

Result<void> Run(const CalibrateOptions& options) {
  HandleInterrupts();
  std::error_code ignored;
  if (!options.output && !options.dry_run && fs::is_directory(options.bundle, ignored) &&
      !fs::exists(options.bundle / kManifestFile, ignored)) {
    return Fail(ErrorCode::kInvalidArgument,
                options.bundle.string() + ": not a Winnow bundle, so it cannot be changed in place",
                "write the calibrated model into a new directory with --output DIR");
  }
  ThreadPool pool(options.threads);
  const CalibratedBundle report = TRY(Calibrated(options, pool));
  if (!options.json) return Print(report.text);
  Json document = {{"bundle", options.output.value_or(options.bundle).string()}, {"written", !options.dry_run}};
  document.update(report.json);
  return Print(document.dump(2) + "\n");
}

}  // namespace

Result<CalibratedBundle> CalibrateBundle(const fs::path& bundle, const CalibrationOptions& options, ThreadPool& pool) {
  CalibrateOptions all;
  all.bundle = bundle;
  all.calibrating = options;
  return Calibrated(all, pool);
}

Command CalibrateCommand() {
  return MakeCommand<CalibrateOptions>("calibrate", "Calibrates probabilities and sets decision thresholds.", Describe,
                                       Run);
}

}  // namespace winnow
