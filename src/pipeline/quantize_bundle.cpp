#include "pipeline/quantize_bundle.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/lines.h"
#include "bundle/calibration_texts.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "calibrate/calibration_set.h"
#include "classify/bundle_classifier.h"
#include "classify/scope_rule.h"
#include "pipeline/labelled_data.h"
#include "pipeline/shrink_bundle.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

constexpr char kFloatWeights[] = "model.safetensors";

/// Labelled texts, with the bundle's labels.
Result<Dataset> ReadPlannedTexts(const QuantizePlan& plan, const std::vector<std::filesystem::path>& files,
                                 const BundleClassifier& classifier, TrainingObserver& observer) {
  ReadReport report;
  ReadingOptions reading = plan.reading;
  reading.unknown_labels = UnknownLabels::kDrop;  // both models would be wrong
  Result<Dataset> dataset = ReadLabelledData(classifier, files, reading, report);
  constexpr std::string_view kWarning = "warning: ";
  for (const std::string& line : Lines(report.Text())) {
    line.starts_with(kWarning) ? observer.Warn(line.substr(kWarning.size())) : observer.Note(line);
  }
  return dataset;
}

Result<Dataset> ReadHeldOut(const QuantizePlan& plan, const BundleClassifier& classifier, TrainingObserver& observer) {
  if (plan.data.empty()) return ReadCalibrationSet(plan.bundle, classifier);
  Result<Dataset> held_out = ReadPlannedTexts(plan, plan.data, classifier, observer);
  if (!held_out) return held_out;
  const std::string why = SeemsTrainedOn(plan.bundle, *held_out, classifier, /*given=*/true);
  if (!why.empty()) observer.Warn(why + "; the drop on training texts says little about new texts");
  return held_out;
}

/// The files of the bundle except former INT8 weights; a bundle of its own has no float weights, and no texts unless
/// they are to be kept.
Result<void> CopyFiles(const QuantizePlan& plan, const std::filesystem::path& to) {
  if (!plan.output) {
    return LinkBundleFiles(plan.bundle, to, [](const std::string& name) { return name != kInt8Weights; });
  }
  std::error_code ignored;
  const bool has_tokenizer_json = std::filesystem::exists(plan.bundle / "tokenizer.json", ignored);
  return CopyBundleFiles(plan.bundle, to, [&](const std::string& name) {
    const bool float_weights = name == "model.safetensors" || name == "pytorch_model.bin";
    bool other = name.starts_with("checkpoint-") || name.starts_with("onnx/");
    // What a browser has no use for: a picture, and a second form of the vocabulary.
    if (plan.target == QuantizeTarget::kBrowser)
      other = other || name.ends_with(".svg") || (name == "vocab.txt" && has_tokenizer_json);
    return name != kInt8Weights && !float_weights && !other && (plan.keep_data || name != kCalibrationTextsFile);
  });
}

int64_t FileBytes(const std::filesystem::path& file) {
  std::error_code ignored;
  return static_cast<int64_t>(std::filesystem::file_size(file, ignored));
}

/// Writes the small weights of a bundle for browsers into `dir`, which has the bundle's other files.
Result<QuantizeReport> Shrink(const QuantizePlan& plan, const std::filesystem::path& dir, const Manifest& manifest,
                              const BundleClassifier& classifier, const Dataset& held_out,
                              const QuantizeOptions& options, ThreadPool& pool, TrainingObserver& observer) {
  std::vector<QuantizationStep> steps;
  const Metrics before = TRY(MeasureFloatWeights(plan.bundle, held_out, pool));
  steps.push_back({"float", FileBytes(plan.bundle / kFloatWeights), before});
  {
    const Dataset training =
        plan.train_data.empty() ? held_out : TRY(ReadPlannedTexts(plan, plan.train_data, classifier, observer));
    TRY(TrimBundle(plan.bundle, dir, classifier, training, static_cast<size_t>(plan.vocabulary), manifest.max_length,
                   observer));
  }
  const QuantizeReport int8 = TRY(QuantizeWeights(dir, dir, held_out, {.max_drop = 1}, pool));
  steps.push_back({fmt::format("{} tokens", TRY(ReadModelConfig(dir)).vocab_size), int8.float_bytes, int8.before});
  steps.push_back({"INT8", int8.quantized_bytes, int8.after});
  QuantizeOptions small = options;
  small.int4 = true;
  small.before = before;
  QuantizeReport report = TRY(QuantizeWeights(dir, dir, held_out, small, pool));
  steps.push_back({"4 bits", report.quantized_bytes, report.after});
  report.float_bytes = steps.front().bytes;
  report.steps = std::move(steps);
  std::error_code failed;
  if (!std::filesystem::remove(dir / kFloatWeights, failed))
    return Fail(ErrorCode::kIo, (dir / kFloatWeights).string() + ": cannot be removed: " + failed.message());
  return report;
}

}  // namespace

Result<QuantizedBundle> QuantizeBundle(const QuantizePlan& plan, ThreadPool& pool, TrainingObserver& observer) {
  const std::filesystem::path target = plan.output.value_or(plan.bundle);
  if (plan.output) TRY(RequireOtherDirectory(*plan.output, plan.bundle));
  const bool browser = plan.target == QuantizeTarget::kBrowser;
  if (browser && !plan.output) {
    return Fail(ErrorCode::kInvalidArgument,
                "a bundle for browsers has another vocabulary, so it cannot stand beside the float weights",
                "specify a directory for it with --output DIR");
  }
  Manifest manifest = TRY(ReadManifest(plan.bundle));
  std::error_code ignored;
  if (!plan.output && !std::filesystem::exists(plan.bundle / kManifestFile, ignored)) {
    return Fail(ErrorCode::kInvalidArgument, plan.bundle.string() + ": not a Winnow bundle, so it is left unchanged",
                "specify an output directory with --output");
  }
  TRY(VersionOf(plan.version, manifest.version, false));
  if (manifest.kind != "transformer") {
    return Fail(ErrorCode::kUnsupported, plan.bundle.string() + ": a linear model cannot be quantized",
                "linear models are small and fast without quantization");
  }
  // First, so that a second process that writes the target learns of it at its start.
  BundleWriter writer = TRY(BundleWriter::Begin(target, plan.overwrite));
  const BundleClassifier classifier = TRY(BundleClassifier::Load(plan.bundle, pool, Weights::kFloat));
  const Dataset held_out = TRY(ReadHeldOut(plan, classifier, observer));
  TRY(CopyFiles(plan, writer.path()));
  const QuantizeOptions options{.max_drop = plan.max_drop.value_or(browser ? .01 : .005),
                                .note = [&](const std::string& text) { observer.Note(text); }};
  QuantizeReport report =
      browser ? TRY(Shrink(plan, writer.path(), manifest, classifier, held_out, options, pool, observer))
              : TRY(QuantizeWeights(plan.bundle, writer.path(), held_out, options, pool));
  if (observer.Cancelled()) return Fail(ErrorCode::kCancelled, "stopped on request");
  const auto former = manifest.sha256.find(kInt8Weights);
  const bool same_weights =
      former != manifest.sha256.end() && former->second == TRY(Sha256OfFile(writer.path() / kInt8Weights));
  const bool changed = plan.output || !same_weights;
  // What was chosen with the same INT8 weights holds for them. Those of a scope rule are not known: they are the ones
  // that are used by default.
  const auto of_others = [&](const std::string& weights) { return !same_weights || !weights.starts_with("int8"); };
  const bool guaranteed = (manifest.thresholds.guarantee && of_others(manifest.thresholds.guarantee->weights)) ||
                          (manifest.abstain && of_others(manifest.abstain->weights)) ||
                          (!same_weights && std::filesystem::exists(plan.bundle / kScopeFile, ignored));
  manifest.version = TRY(VersionOf(plan.version, manifest.version, changed));
  if (plan.output) TRY(LimitTokenizer(writer.path(), manifest.max_length));
  TRY(SealBundle(writer.path(), manifest));
  TRY(writer.Commit());
  observer.Note(fmt::format(
      "{}: wrote {} weights{}; the version is {}", target.string(), browser ? "4-bit" : "INT8",
      plan.output ? "" : ", which are used by default (--weights float selects the float weights)", manifest.version));
  return QuantizedBundle{std::move(report), target, guaranteed};
}

}  // namespace winnow
