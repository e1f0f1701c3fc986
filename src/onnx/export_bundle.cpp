#include "onnx/export_bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/scope_file.h"
#include "bundle/training_info.h"
#include "linear/linear_model.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Returns true if `inner` is `outer` or lies below it.
bool LiesIn(const fs::path& inner, const fs::path& outer) {
  std::error_code ignored;
  const fs::path below = fs::weakly_canonical(fs::absolute(inner, ignored), ignored);
  fs::path above = fs::weakly_canonical(fs::absolute(outer, ignored), ignored);
  if (!above.has_filename()) above = above.parent_path();
  return std::ranges::mismatch(above, below).in1 == above.end();
}

/// The output directory is replaced as a whole, so nothing may lie there that is worth more than a former export.
Result<void> CheckOutput(const ExportPlan& plan) {
  const fs::path& output = *plan.output;
  if (LiesIn(plan.bundle, output)) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("--output {} is the directory of the model that is exported, or contains it", output.string()),
        "omit --output to write the ONNX files into the directory of the model");
  }
  std::error_code ignored;
  const bool has_weights =
      fs::exists(output / "model.safetensors", ignored) || fs::exists(output / kLinearFile, ignored);
  if (!plan.overwrite && has_weights) {
    return Fail(ErrorCode::kExists, fmt::format("{}: contains a model with its weights", output.string()),
                "specify another output directory, or pass --overwrite to replace that model with the export");
  }
  return {};
}

Result<ExportedFile> ExportFormat(const ExportPlan& plan, OnnxFormat format, const fs::path& target) {
  OnnxExportOptions options{
      .format = format, .token_types = plan.with_token_types, .external_data = plan.external_data};
  if (plan.progress) {
    options.progress = [&](uint64_t done, uint64_t total) { return plan.progress(format, done, total); };
  }
  const OnnxExport exported = TRY(ExportOnnx(plan.bundle, target, options));
  if (plan.note && !exported.difference.empty()) plan.note(exported.difference);
  return ExportedFile{.path = plan.output.value_or(plan.bundle) / "onnx" / exported.model.filename(),
                      .format = format,
                      .bytes = exported.bytes,
                      .external_data = exported.external_data};
}

/// Copies the files that a deployable directory has besides the ONNX files.
Result<void> CopyModelFiles(const fs::path& bundle, const fs::path& target, int max_length) {
  std::error_code ignored;
  if (fs::exists(bundle / kTrainingInfoFile, ignored))
    TRY(WriteFileAtomically(target / kTrainingInfoFile, TRY(ReadFile(bundle / kTrainingInfoFile))));
  if (fs::exists(bundle / kLinearFile, ignored)) {
    return WriteLabelsFile(target / "labels.json", TRY(ReadLabelsFile(bundle / "labels.json")));
  }
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  TRY(WriteFileAtomically(target / "config.json", config.source));
  TRY(WriteLabelsFile(target / "labels.json", config.labels));
  TRY(CopyTokenizerFiles(bundle, target));
  // transformers.js reads tokenizer.json alone.
  if (fs::exists(bundle / "tokenizer.json", ignored)) return {};
  return TRY(Tokenizer::Load(bundle)).Save(target, max_length);
}

/// Returns the decisions and readings of a bundle that its ONNX files do not contain: "abstention, text template".
std::vector<std::string> LeftToTheCaller(const fs::path& bundle, const Manifest& manifest) {
  std::vector<std::string> parts;
  std::error_code ignored;
  const bool linear = fs::exists(bundle / kLinearFile, ignored);  // whose graph calibrates, and reads whole texts
  if (!linear && CalibrationOf(manifest) != Calibration{}) parts.push_back("calibration of the probabilities");
  parts.push_back("decision thresholds");
  if (manifest.abstain) parts.push_back("abstention");
  if (fs::exists(bundle / kScopeFile, ignored)) parts.push_back(fmt::format("out-of-scope detection ({})", kScopeFile));
  if (!manifest.text_template.empty()) parts.push_back("text template");
  if (!linear && manifest.long_text != LongText::kHead)
    parts.push_back(fmt::format("long-text mode '{}'", NameOf(manifest.long_text)));
  if (manifest.fold_disguises) parts.push_back("folding of obfuscated texts");
  return parts;
}

/// Tells the caller what the ONNX files do not contain.
Result<void> NoteWhatIsMissing(const ExportPlan& plan) {
  std::error_code ignored;
  // A directory that Winnow did not write has no decisions.
  if (!plan.note || !fs::exists(plan.bundle / kManifestFile, ignored)) return {};
  const Manifest manifest = TRY(ReadManifest(plan.bundle));
  plan.note(fmt::format("the ONNX files do not contain: {}; onnx/model_metadata.json describes what they need",
                        fmt::join(LeftToTheCaller(plan.bundle, manifest), ", ")));
  return {};
}

}  // namespace

const char* NameOf(OnnxFormat format) { return format == OnnxFormat::kInt8 ? "onnx-int8" : "onnx"; }

Json ExportedFileJson(const ExportedFile& file) {
  return {{"path", file.path.string()},
          {"bytes", file.bytes},
          {"format", NameOf(file.format)},
          {"external_data", file.external_data}};
}

Result<std::vector<ExportedFile>> ExportBundle(const ExportPlan& plan) {
  std::optional<BundleWriter> writer;
  if (plan.output) {
    TRY(CheckOutput(plan));
    writer = TRY(BundleWriter::Begin(*plan.output, plan.overwrite));
    if (writer->replaces_model() && plan.warn) plan.warn(plan.output->string() + ": replaced a model");
  }
  const fs::path target = writer ? writer->path() : plan.bundle;
  std::vector<ExportedFile> files;
  for (const OnnxFormat format : plan.formats) files.push_back(TRY(ExportFormat(plan, format, target)));
  TRY(WriteOnnxMetadata(plan.bundle, target));
  TRY(NoteWhatIsMissing(plan));
  if (!writer) {
    TRY(SealOnnxFiles(target));
    return files;
  }
  const Manifest manifest = TRY(ReadManifest(plan.bundle));
  TRY(CopyModelFiles(plan.bundle, target, manifest.max_length));
  TRY(SealBundle(target, manifest));
  TRY(writer->Commit());
  return files;
}

}  // namespace winnow
