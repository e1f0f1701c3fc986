#include "pipeline/calibrate_bundle.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/lines.h"
#include "bundle/calibration_texts.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "calibrate/calibration_set.h"
#include "classify/bundle_classifier.h"
#include "onnx/export_bundle.h"
#include "pipeline/labelled_data.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Returns true if the same logits give the same probabilities and decisions.
bool DecidesAlike(const Manifest& a, const Manifest& b) {
  const auto thresholds = [](const Thresholds& t) {
    return std::tie(t.strict, t.moderate, t.lenient, t.labels, t.labels_strict, t.labels_lenient);
  };
  const auto abstention = [](const Manifest& manifest) {
    const Abstention none, &a = manifest.abstain ? *manifest.abstain : none;
    return std::tuple(a.strict, a.moderate, a.lenient);
  };
  return CalibrationOf(a) == CalibrationOf(b) && thresholds(a.thresholds) == thresholds(b.thresholds) &&
         a.abstain.has_value() == b.abstain.has_value() && abstention(a) == abstention(b);
}

/// One calibration of a bundle.
class BundleCalibration {
 public:
  /// The arguments must outlive the calibration.
  BundleCalibration(const CalibratePlan& plan, ThreadPool& pool, TrainingObserver& observer)
      : plan_(plan), pool_(pool), observer_(observer) {}

  Result<CalibratedBundle> Run();

 private:
  Result<Dataset> ReadTexts(const BundleClassifier& classifier) const;
  Result<void> RefuseTrainingTexts(const Dataset& dataset, const BundleClassifier& classifier) const;
  Result<std::vector<float>> LogitsOf(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                      TokenizedTexts& tokens, const std::string& work) const;
  Result<CalibratedBundle> CalibrateOn(const HeldOutTexts& texts, const BundleClassifier& classifier);
  Result<ScopeFit> ChooseScope(const HeldOutTexts& texts, const BundleClassifier& classifier) const;
  Result<void> WriteManifestAndOnnx(const fs::path& dir, const Manifest& manifest) const;
  Result<void> LockOutput();
  Result<void> Write(Manifest manifest, const ScopeRule* scope);
  std::string Source() const;
  fs::path Target() const { return plan_.output.value_or(plan_.bundle); }
  TextProgress ProgressOf(const std::string& work, size_t total) const;

  const CalibratePlan& plan_;
  ThreadPool& pool_;
  TrainingObserver& observer_;
  OutputLock lock_;
};

/// First, so that a second process that writes the target learns of it at its start.
Result<void> BundleCalibration::LockOutput() {
  if (plan_.dry_run) return {};
  lock_ = plan_.output ? TRY(OutputLock::Take(TRY(ResolveTarget(*plan_.output))))
                       : TRY(OutputLock::TakeInPlace(plan_.bundle));
  return {};
}

Result<CalibratedBundle> BundleCalibration::Run() {
  TRY(LockOutput());
  const BundleClassifier classifier = TRY(BundleClassifier::Load(plan_.bundle, pool_, plan_.weights));
  if (plan_.threshold && classifier.positive_label() < 0 && !classifier.multi_label()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--threshold requires a model with a positive label or a multi-label model",
                "this model assigns the most probable label; --max-error marks uncertain predictions");
  }
  const Dataset dataset = TRY(ReadTexts(classifier));
  TRY(RefuseTrainingTexts(dataset, classifier));
  const bool pooled = classifier.manifest().long_text == LongText::kWindows;
  TRY(CheckEnoughTexts(plan_.calibration, dataset, classifier.positive_label(), pooled));

  const std::vector<InputTextView> views = InputTexts(dataset);
  TokenizedTexts tokens;
  const std::vector<float> logits = TRY(LogitsOf(classifier, views, tokens, "calibrate"));
  // A temperature is fitted to the logits of one window per text, as in training: those of the head and tail of a text
  // that has several windows.
  std::vector<float> one_window = logits;
  if (!tokens.whole()) {
    TokenizedTexts head_and_tail;
    const BundleClassifier one_window_classifier =
        TRY(BundleClassifier::Load(plan_.bundle, pool_, plan_.weights, LongText::kHeadTail));
    one_window = TRY(LogitsOf(one_window_classifier, views, head_and_tail, "calibrate, head and tail"));
  }
  const HeldOutTexts texts{.dataset = dataset,
                           .logits = std::move(one_window),
                           .predict = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                             return classifier.ProbabilitiesOfLogits(logits, tokens, calibration);
                           },
                           .positive_label = classifier.positive_label(),
                           .pooled = pooled,
                           .source = Source(),
                           .weights = classifier.weights()};
  return CalibrateOn(texts, classifier);
}

Result<Dataset> BundleCalibration::ReadTexts(const BundleClassifier& classifier) const {
  if (plan_.data.empty()) {
    const bool has_epochs = classifier.manifest().kind == "transformer";
    Result<Dataset> dataset = ReadCalibrationSet(plan_.bundle, classifier);
    if (!dataset) return dataset;
    observer_.Note(fmt::format("calibration set: {}, {}", (plan_.bundle / kCalibrationTextsFile).string(),
                               has_epochs ? "which was also used to select the best epoch in training"
                                          : "whose texts were held out from training"));
    return dataset;
  }
  ReadReport report;
  Result<Dataset> dataset = ReadLabelledData(classifier, plan_.data, plan_.reading, report);
  for (const std::string& line : Lines(report.Text())) observer_.Note(line);
  return dataset;
}

Result<void> BundleCalibration::RefuseTrainingTexts(const Dataset& dataset, const BundleClassifier& classifier) const {
  const std::string why = SeemsTrainedOn(plan_.bundle, dataset, classifier, !plan_.data.empty());
  if (why.empty()) return {};
  if (!plan_.force) {
    std::error_code ignored;
    const bool has_texts = std::filesystem::exists(plan_.bundle / kCalibrationTextsFile, ignored);
    return Fail(
        ErrorCode::kInvalidData, why,
        fmt::format("calibrate on texts that the model was not trained on{}, or pass --force to use these texts "
                    "nevertheless",
                    has_texts ? ": omit DATA to use those in BUNDLE" : ""));
  }
  observer_.Warn(why);
  return {};
}

Result<std::vector<float>> BundleCalibration::LogitsOf(const BundleClassifier& classifier,
                                                       std::span<const InputTextView> texts, TokenizedTexts& tokens,
                                                       const std::string& work) const {
  std::vector<float> logits = TRY(classifier.Logits(texts, tokens, ProgressOf(work, texts.size())));
  observer_.OnProgress(work, static_cast<int64_t>(texts.size()), static_cast<int64_t>(texts.size()));
  return logits;
}

/// Chooses calibration, thresholds, abstention and the scope rule from the texts, and writes them.
Result<CalibratedBundle> BundleCalibration::CalibrateOn(const HeldOutTexts& texts, const BundleClassifier& classifier) {
  const Manifest former = TRY(ReadManifest(plan_.bundle));
  Manifest manifest = former;
  if (plan_.reset) {
    manifest.thresholds = {};
    manifest.abstain.reset();
  }
  if (plan_.threshold) {
    manifest.thresholds = ThresholdsAround(*plan_.threshold);
    observer_.Note(fmt::format("decision thresholds: strict {}, moderate {}, lenient {}, without a guarantee",
                               manifest.thresholds.strict, manifest.thresholds.moderate, manifest.thresholds.lenient));
  }
  CalibrationResult result = TRY(Calibrator(texts, plan_.calibration).Calibrate(manifest));
  if (plan_.reset && !plan_.calibration.max_fpr && (texts.positive_label >= 0 || texts.dataset.multi_label)) {
    observer_.Note(fmt::format("decision thresholds: the defaults, strict {}, moderate {}, lenient {}",
                               manifest.thresholds.strict, manifest.thresholds.moderate, manifest.thresholds.lenient));
  }
  if (observer_.Cancelled()) return Fail(ErrorCode::kCancelled, "stopped on request");
  std::optional<ScopeFit> scope;
  if (plan_.scope.chosen()) {
    scope = TRY(ChooseScope(texts, classifier));
    for (const std::string& note : scope->notes) observer_.Note(note);
  }
  const bool changed = plan_.output || scope || plan_.scope.remove || !DecidesAlike(former, manifest);
  manifest.version = TRY(VersionOf(plan_.version, former.version, changed));
  if (!plan_.dry_run) {
    TRY(Write(manifest, scope ? &scope->rule : nullptr));
    observer_.Note(fmt::format("calibrated {}, version {}", Target().string(), manifest.version));
  }
  return CalibratedBundle{
      .target = Target(), .manifest = std::move(manifest), .calibration = std::move(result), .scope = std::move(scope)};
}

Result<ScopeFit> BundleCalibration::ChooseScope(const HeldOutTexts& texts, const BundleClassifier& classifier) const {
  ScopeOptions choice = plan_.scope.choice;
  choice.confidence = plan_.calibration.confidence;
  const auto note = [this](const ReadReport& report) {
    for (const std::string& line : Lines(report.Text())) observer_.Note(line);
  };
  const std::vector<std::string> outside = TRY(ReadOutOfScopeTexts(classifier, plan_.scope.outside, note));
  const std::string work = "out of scope";
  const std::vector<float> logits = TRY(FirstWindowLogits(classifier, outside, ProgressOf(work, outside.size())));
  observer_.OnProgress(work, static_cast<int64_t>(outside.size()), static_cast<int64_t>(outside.size()));
  return CalibrateScope(texts, logits, choice);
}

/// Writes the manifest. The digests of other files stay as they are, so that a damaged weight stays a damaged weight;
/// ONNX files and their metadata are brought up to date.
Result<void> BundleCalibration::WriteManifestAndOnnx(const fs::path& dir, const Manifest& manifest) const {
  TRY(WriteManifest(dir, manifest));
  return RefreshOnnxFiles(dir, [this](const std::string& line) { observer_.Note(line); });
}

Result<void> BundleCalibration::Write(Manifest manifest, const ScopeRule* scope) {
  const bool without_old_rule = scope != nullptr || plan_.scope.remove;
  if (!plan_.output && !without_old_rule) return WriteManifestAndOnnx(plan_.bundle, manifest);
  // The scope rule has its own file beside the manifest, so the bundle is replaced as a whole.
  BundleWriter writer = TRY(BundleWriter::Begin(Target(), plan_.overwrite, std::move(lock_)));
  const bool without_texts = plan_.output && !plan_.keep_data;
  const auto keep = [&](const std::string& name) {
    return !(plan_.output && name.starts_with("checkpoint-")) && !(name == kScopeFile && without_old_rule) &&
           !(name == kCalibrationTextsFile && without_texts);
  };
  TRY(plan_.output ? CopyBundleFiles(plan_.bundle, writer.path(), keep)
                   : LinkBundleFiles(plan_.bundle, writer.path(), keep));
  if (without_texts) manifest.sha256.erase(kCalibrationTextsFile);
  if (scope != nullptr) {
    TRY(WriteScopeRule(writer.path() / kScopeFile, *scope));
    manifest.sha256[kScopeFile] = TRY(Sha256OfFile(writer.path() / kScopeFile));
  } else if (plan_.scope.remove) {
    manifest.sha256.erase(kScopeFile);
  }
  TRY(WriteManifestAndOnnx(writer.path(), manifest));
  return writer.Commit();
}

/// Returns the name of the texts in the manifest.
std::string BundleCalibration::Source() const {
  if (plan_.data.empty()) return kCalibrationTextsFile;
  const std::string first = plan_.data.front() == "-" ? "standard input" : plan_.data.front().filename().string();
  return plan_.data.size() == 1 ? first : fmt::format("{} and {} more", first, plan_.data.size() - 1);
}

TextProgress BundleCalibration::ProgressOf(const std::string& work, size_t total) const {
  observer_.OnProgress(work, 0, static_cast<int64_t>(total));
  return [this, work, total](size_t done) {
    observer_.OnProgress(work, static_cast<int64_t>(done), static_cast<int64_t>(total));
    return !observer_.Cancelled();
  };
}

}  // namespace

Result<CalibratedBundle> CalibrateBundle(const CalibratePlan& plan, ThreadPool& pool, TrainingObserver& observer) {
  TRY(VersionOf(plan.version, Manifest().version, false));
  if (plan.output) TRY(RequireOtherDirectory(*plan.output, plan.bundle));
  std::error_code ignored;
  if (!plan.output && !plan.dry_run && fs::is_directory(plan.bundle, ignored) &&
      !fs::exists(plan.bundle / kManifestFile, ignored)) {
    return Fail(ErrorCode::kInvalidArgument,
                plan.bundle.string() + ": not a Winnow bundle, so it cannot be changed in place",
                "write the calibrated model into a new directory with --output DIR");
  }
  return BundleCalibration(plan, pool, observer).Run();
}

}  // namespace winnow
