#include "onnx/export_bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "bundle/convert.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "bundle/scope_file.h"
#include "bundle/training_info.h"
#include "linear/linear_model.h"
#include "onnx/float_weights.h"
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

constexpr OnnxFormat kFormats[] = {OnnxFormat::kFloat, OnnxFormat::kInt8};

fs::path FileOf(const fs::path& dir, OnnxFormat format) {
  return dir / "onnx" / (format == OnnxFormat::kInt8 ? "model_quantized.onnx" : "model.onnx");
}

OnnxExportOptions OptionsOf(const ExportPlan& plan) {
  return {.token_types = plan.with_token_types,
          .external_data = plan.external_data,
          .bake_temperature = plan.bake_temperature};
}

Result<ExportedFile> ExportFormat(const ExportPlan& plan, OnnxFormat format, const fs::path& target) {
  OnnxExportOptions options = OptionsOf(plan);
  options.format = format;
  if (plan.progress) {
    options.progress = [&](uint64_t done, uint64_t total) { return plan.progress(format, done, total); };
  }
  const OnnxExport exported = TRY(ExportOnnx(plan.bundle, target, options));
  if (plan.note && !exported.difference.empty()) plan.note(exported.difference);
  return ExportedFile{.path = FileOf(plan.output.value_or(plan.bundle), format),
                      .format = NameOf(format),
                      .bytes = exported.bytes,
                      .external_data = exported.external_data};
}

/// Copies the files that a deployable directory has besides the weights. `with_scope`: the rule for out-of-scope texts,
/// too, which refers to logits without a temperature; Winnow would apply it to the float weights in the directory.
Result<void> CopyModelFiles(const fs::path& bundle, const fs::path& target, int max_length, bool with_scope) {
  std::error_code ignored;
  if (fs::exists(bundle / kTrainingInfoFile, ignored))
    TRY(WriteFileAtomically(target / kTrainingInfoFile, TRY(ReadFile(bundle / kTrainingInfoFile))));
  if (with_scope && fs::exists(bundle / kScopeFile, ignored))
    TRY(WriteFileAtomically(target / kScopeFile, TRY(ReadFile(bundle / kScopeFile))));
  if (IsLinearBundle(bundle)) {
    return WriteLabelsFile(target / "labels.json", TRY(ReadLabelsFile(bundle / "labels.json")));
  }
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  TRY(WriteFileAtomically(target / "config.json", config.source));
  TRY(WriteLabelsFile(target / "labels.json", config.labels));
  TRY(CopyTokenizerFiles(bundle, target));
  // transformers.js reads tokenizer.json alone.
  if (!fs::exists(bundle / "tokenizer.json", ignored)) TRY(TRY(Tokenizer::Load(bundle)).Save(target, max_length));
  return LimitTokenizer(target, max_length);
}

/// Returns the decisions and readings of a bundle that its ONNX files do not contain: "abstention, text template".
/// `manifest` must not have the temperature that the files contain.
std::vector<std::string> LeftToTheCaller(const fs::path& bundle, const Manifest& manifest) {
  std::vector<std::string> parts;
  std::error_code ignored;
  const bool linear = IsLinearBundle(bundle);  // whose graph reads whole texts
  if (CalibrationOf(manifest) != Calibration{}) parts.push_back("calibration of the probabilities");
  parts.push_back("decision thresholds");
  if (manifest.abstain) parts.push_back("abstention");
  if (fs::exists(bundle / kScopeFile, ignored)) parts.push_back(fmt::format("out-of-scope detection ({})", kScopeFile));
  if (!manifest.text_template.empty()) parts.push_back("text template");
  if (!linear && manifest.long_text != LongText::kHead)
    parts.push_back(fmt::format("long-text mode '{}'", NameOf(manifest.long_text)));
  if (manifest.fold_disguises) parts.push_back("folding of obfuscated texts");
  return parts;
}

/// Tells the caller what the ONNX files contain of the calibration, and what they do not contain.
void NoteContents(const ExportPlan& plan, const Manifest& manifest, const Json& properties) {
  std::error_code ignored;
  // A directory that Winnow did not write has no decisions.
  if (!plan.note || !fs::exists(plan.bundle / kManifestFile, ignored)) return;
  const Manifest rest = WithoutBakedTemperature(manifest, properties);
  if (CalibrationOf(rest) != CalibrationOf(manifest)) {
    plan.note("the exported files contain the calibration by a temperature: " +
              std::string(IsLinearBundle(plan.bundle) ? "their probabilities are those of the model"
                                                      : "a softmax (multi-label: a sigmoid) of their logits gives the "
                                                        "probabilities of the model"));
  }
  const std::string left = fmt::format("{}", fmt::join(LeftToTheCaller(plan.bundle, rest), ", "));
  plan.note(
      plan.formats.empty()
          ? fmt::format("other programs do not apply: {}", left)
          : fmt::format("the ONNX files do not contain: {}; onnx/model_metadata.json describes what they need", left));
}

/// The metadata of the ONNX files that a bundle has; an empty object if they cannot be read.
Json FormerMetadata(const fs::path& bundle) {
  const Result<std::string> text = ReadFile(bundle / kOnnxMetadataFile);
  Result<Json> json = text ? ParseJson(*text, kOnnxMetadataFile) : Result<Json>(Json::object());
  return json && json->is_object() ? *std::move(json) : Json::object();
}

bool SameProperties(const Json& metadata, const Json& properties) {
  const auto member = [](const Json& json, const char* name) {
    const Json* const found = json.Find(name);
    return found == nullptr ? Json() : *found;
  };
  return member(metadata, "inputs") == member(properties, "inputs") &&
         member(metadata, "baked_temperature") == member(properties, "baked_temperature");
}

/// The formats to write: those of the plan, and in the bundle those whose graphs would have other properties.
std::vector<OnnxFormat> FormatsOf(const ExportPlan& plan, const Json& properties) {
  std::vector<OnnxFormat> formats = plan.formats;
  if (plan.output || SameProperties(FormerMetadata(plan.bundle), properties)) return formats;
  for (const OnnxFormat format : kFormats) {
    std::error_code ignored;
    if (std::ranges::find(formats, format) != formats.end() || !fs::exists(FileOf(plan.bundle, format), ignored)) {
      continue;
    }
    formats.push_back(format);
    if (plan.note) plan.note(fmt::format("the {} file is exported again, too, so that both agree", NameOf(format)));
  }
  return formats;
}

/// The manifest of the exported model.
Result<Manifest> ManifestFor(const ExportPlan& plan) {
  Manifest manifest = TRY(ReadManifest(plan.bundle));
  manifest.version = TRY(VersionOf(plan.version, manifest.version, false));
  std::error_code ignored;
  const bool is_ours = fs::exists(plan.bundle / kManifestFile, ignored);
  if (!plan.output && plan.version.version && !is_ours) {
    return Fail(ErrorCode::kInvalidArgument,
                plan.bundle.string() + ": not a Winnow bundle, so its version cannot be changed in place",
                "write the export into a new directory with --output DIR");
  }
  // The new version, or one that was edited, is written before the files that state it.
  if (!plan.output && is_ours && manifest.version != manifest.sealed_version) {
    TRY(WriteManifest(plan.bundle, manifest));
  }
  return manifest;
}

Result<void> CheckPlan(const ExportPlan& plan) {
  const bool linear = IsLinearBundle(plan.bundle);
  if (!plan.bake_temperature && linear) {
    return Fail(ErrorCode::kUnsupported,
                plan.bundle.string() + ": an ONNX file of a linear model always contains the temperature",
                "omit --no-bake-temperature");
  }
  if (plan.float_weights && linear) {
    return Fail(ErrorCode::kUnsupported, plan.bundle.string() + ": a linear model has no weights for transformers",
                "use --format onnx");
  }
  if (plan.float_weights && !plan.output) {
    return Fail(ErrorCode::kInvalidArgument,
                "--format safetensors requires --output, because BUNDLE has float weights of its own",
                "specify a new directory with --output DIR");
  }
  return {};
}

Result<ExportedFile> ExportFloatWeights(const ExportPlan& plan, const Manifest& manifest, const fs::path& target) {
  const ModelConfig config = TRY(ReadModelConfig(plan.bundle));
  const std::vector<double> temperatures = TRY(BakedTemperatures(manifest, config, plan.bake_temperature));
  return ExportedFile{.path = *plan.output / "model.safetensors",
                      .format = kFloatWeightsFormat,
                      .bytes = TRY(WriteFloatWeights(plan.bundle, target, temperatures))};
}

/// The manifest in a directory whose weights contain the temperature.
Result<Manifest> DeployedManifest(const Manifest& manifest, const Json& properties) {
  Manifest deployed = WithoutBakedTemperature(manifest, properties);
  if (const Json* const baked = properties.Find("baked_temperature")) {
    Json source = Json::object();
    if (!manifest.source.empty()) source = TRY(ParseJson(manifest.source, kManifestFile, ErrorCode::kInvalidModel));
    source["baked_temperature"] = *baked;
    deployed.source = source.dump();
  }
  return deployed;
}

}  // namespace

const char* NameOf(OnnxFormat format) { return format == OnnxFormat::kInt8 ? "onnx-int8" : "onnx"; }

Json ExportedFileJson(const ExportedFile& file) {
  return {{"path", file.path.string()},
          {"bytes", file.bytes},
          {"format", file.format},
          {"external_data", file.external_data}};
}

Result<std::vector<ExportedFile>> ExportBundle(const ExportPlan& plan) {
  TRY(CheckPlan(plan));
  TRY(CheckFiles(plan.bundle,
                 {IsLinearBundle(plan.bundle) ? std::string_view(kLinearFile) : kWeightsFile, kTrainingInfoFile}));
  std::optional<BundleWriter> writer;
  OutputLock lock;
  if (!plan.output) lock = TRY(OutputLock::TakeInPlace(plan.bundle));
  if (plan.output) {
    TRY(CheckOutput(plan));
    writer = TRY(BundleWriter::Begin(*plan.output, plan.overwrite));
    if (writer->replaces_model() && plan.warn) plan.warn(plan.output->string() + ": replaced a model");
  }
  const fs::path target = writer ? writer->path() : plan.bundle;
  const Manifest manifest = TRY(ManifestFor(plan));
  const Json properties = TRY(GraphProperties(plan.bundle, manifest, OptionsOf(plan)));
  std::vector<ExportedFile> files;
  for (const OnnxFormat format : FormatsOf(plan, properties)) files.push_back(TRY(ExportFormat(plan, format, target)));
  if (!plan.formats.empty()) TRY(WriteOnnxMetadata(manifest, properties, plan.bundle, target));
  if (plan.float_weights) files.push_back(TRY(ExportFloatWeights(plan, manifest, target)));
  NoteContents(plan, manifest, properties);
  if (!writer) {
    TRY(SealOnnxFiles(target));
    return files;
  }
  TRY(CopyModelFiles(plan.bundle, target, manifest.max_length, /*with_scope=*/!plan.float_weights));
  TRY(SealBundle(target, TRY(DeployedManifest(manifest, properties))));
  TRY(writer->Commit());
  return files;
}

Result<void> RefreshOnnxFiles(const fs::path& bundle, const std::function<void(const std::string& line)>& note) {
  std::error_code ignored;
  if (!fs::exists(bundle / kOnnxMetadataFile, ignored)) return {};
  const Manifest manifest = TRY(ReadManifest(bundle));
  const Json former = FormerMetadata(bundle);
  const Json* const inputs = former.Find("inputs");
  OnnxExportOptions options{.bake_temperature = former.contains("baked_temperature")};
  for (const Json& input : inputs != nullptr && inputs->is_array() ? *inputs : Json::array()) {
    if (input == "token_type_ids") options.token_types = true;
  }
  Json properties = TRY(GraphProperties(bundle, manifest, options));
  if (inputs == nullptr) properties.erase("inputs");  // earlier versions of Winnow did not state them
  const bool linear = IsLinearBundle(bundle);
  const bool stale = linear || !SameProperties(former, properties);
  for (const OnnxFormat format : kFormats) {
    const fs::path file = FileOf(bundle, format);
    if (!stale || !fs::exists(file, ignored)) continue;
    options.format = format;
    options.external_data = fs::exists(file.string() + ".data", ignored);
    const Result<OnnxExport> exported = ExportOnnx(bundle, bundle, options);
    if (exported) {
      note(file.string() + ": exported again with the new calibration");
    } else if (linear && exported.error().code == ErrorCode::kUnsupported) {
      fs::remove(file, ignored);
      note(fmt::format("{}: removed, because {}", file.string(), exported.error().message));
    } else {
      return std::unexpected(exported.error());
    }
  }
  TRY(WriteOnnxMetadata(manifest, properties, bundle, bundle));
  return SealOnnxFiles(bundle);
}

}  // namespace winnow
