#include "pipeline/quantize_bundle.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/hash.h"
#include "bundle/calibration_texts.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "calibrate/calibration_set.h"
#include "classify/bundle_classifier.h"
#include "classify/scope_rule.h"
#include "pipeline/labelled_data.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

/// The held-out texts, with the bundle's labels.
Result<Dataset> ReadHeldOut(const QuantizePlan& plan, const BundleClassifier& classifier, TrainingObserver& observer) {
  if (plan.data.empty()) return ReadCalibrationSet(plan.bundle, classifier);
  ReadReport report;
  ReadingOptions reading = plan.reading;
  reading.unknown_labels = UnknownLabels::kDrop;  // both models would be wrong
  Result<Dataset> dataset = ReadLabelledData(classifier, plan.data, reading, report);
  for (const std::string& warning : report.warnings) observer.Warn(warning);
  return dataset;
}

/// The files of the bundle except former INT8 weights; a bundle of its own has no float weights, and no texts unless
/// they are to be kept.
Result<void> CopyFiles(const QuantizePlan& plan, const std::filesystem::path& to) {
  if (!plan.output) {
    return LinkBundleFiles(plan.bundle, to, [](const std::string& name) { return name != kInt8Weights; });
  }
  return CopyBundleFiles(plan.bundle, to, [&](const std::string& name) {
    const bool float_weights = name == "model.safetensors" || name == "pytorch_model.bin";
    const bool other = name.starts_with("checkpoint-") || name.starts_with("onnx/");
    return name != kInt8Weights && !float_weights && !other && (plan.keep_data || name != kCalibrationTextsFile);
  });
}

}  // namespace

Result<QuantizedBundle> QuantizeBundle(const QuantizePlan& plan, ThreadPool& pool, TrainingObserver& observer) {
  const std::filesystem::path target = plan.output.value_or(plan.bundle);
  if (plan.output) TRY(RequireOtherDirectory(*plan.output, plan.bundle));
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
  const Dataset held_out =
      TRY(ReadHeldOut(plan, TRY(BundleClassifier::Load(plan.bundle, pool, Weights::kFloat)), observer));
  TRY(CopyFiles(plan, writer.path()));
  QuantizeReport report = TRY(QuantizeWeights(
      plan.bundle, writer.path(), held_out,
      {.max_drop = plan.max_drop, .note = [&](const std::string& text) { observer.Note(text); }}, pool));
  if (observer.Cancelled()) return Fail(ErrorCode::kCancelled, "stopped on request");
  const bool guaranteed =
      manifest.thresholds.guarantee || manifest.abstain || std::filesystem::exists(plan.bundle / kScopeFile, ignored);
  const auto former = manifest.sha256.find(kInt8Weights);
  const bool changed = plan.output || former == manifest.sha256.end() ||
                       former->second != TRY(Sha256OfFile(writer.path() / kInt8Weights));
  manifest.version = TRY(VersionOf(plan.version, manifest.version, changed));
  if (plan.output) TRY(LimitTokenizer(writer.path(), manifest.max_length));
  TRY(SealBundle(writer.path(), manifest));
  TRY(writer.Commit());
  observer.Note(fmt::format(
      "{}: wrote INT8 weights{}; the version is {}", target.string(),
      plan.output ? "" : ", which are used by default (--weights float selects the float weights)", manifest.version));
  return QuantizedBundle{std::move(report), target, guaranteed};
}

}  // namespace winnow
