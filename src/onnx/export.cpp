#include "onnx/export.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/manifest_calibration.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "bundle/training_info.h"
#include "onnx/encoder_graph.h"
#include "onnx/linear_graph.h"
#include "onnx/model_check.h"
#include "onnx/model_file.h"
#include "onnx/weight_file.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "onnx";

Result<void> MakeDirectory(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (!error) return {};
  return Fail(ErrorCode::kIo, fmt::format("{}: cannot create the directory: {}", dir.string(), error.message()),
              "check the permissions, or specify another directory with --output");
}

/// model.onnx and model.onnx.data, not what a stopped export left.
bool IsOnnxFile(const std::string& name) { return name.ends_with(".onnx") || name.ends_with(".onnx.data"); }

struct LabelsOfBundle {
  std::vector<std::string> names;
  bool multi_label = false;
};

Result<LabelsOfBundle> ReadLabels(const fs::path& bundle) {
  if (IsLinearBundle(bundle)) {
    const LinearModel model = TRY(LinearModel::Load(bundle / kLinearFile));
    return LabelsOfBundle{TRY(ReadLabelsFile(bundle / kLabelsFile)), model.multi_label()};
  }
  ModelConfig config = TRY(ReadModelConfig(bundle));
  return LabelsOfBundle{std::move(config.labels), config.multi_label};
}

struct Graph {
  OnnxModel model;
  std::string_view difference = {};  // OnnxExport's
};

Result<Graph> BuildGraph(const fs::path& bundle, const OnnxExportOptions& options) {
  if (!IsLinearBundle(bundle)) {
    const ModelConfig config = TRY(ReadModelConfig(bundle));
    const WeightFile checkpoint = TRY(WeightFile::Open(bundle, config));
    std::vector<double> temperatures =
        TRY(BakedTemperatures(TRY(ReadManifest(bundle)), config, options.bake_temperature));
    return Graph{TRY(BuildEncoderGraph(checkpoint, config,
                                       {.int8 = options.format == OnnxFormat::kInt8,
                                        .token_types = options.token_types,
                                        .temperatures = std::move(temperatures)}))};
  }
  const auto refuse = [&](const char* what, const char* hint) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: a linear model {}", bundle.string(), what), hint);
  };
  if (options.format == OnnxFormat::kInt8) return refuse("cannot be exported as INT8", "use --format onnx");
  if (options.token_types) return refuse("has no token types", "omit --with-token-types");
  if (options.external_data) return refuse("cannot be exported with a separate weight file", "omit --external-data");
  const LinearModel model = TRY(LinearModel::Load(bundle / kLinearFile));
  const Manifest manifest = TRY(ReadManifest(bundle));
  if (manifest.fold_disguises) {
    return Fail(ErrorCode::kUnsupported,
                bundle.string() + ": an ONNX file of a linear model reads texts and cannot fold obfuscated ones",
                "train without --fold-disguises");
  }
  return Graph{TRY(BuildLinearGraph(model, TRY(ReadLabelsFile(bundle / kLabelsFile)), CalibrationOf(manifest))),
               DifferenceOf(model)};
}

}  // namespace

bool IsLinearBundle(const fs::path& bundle) { return Exists(bundle / kLinearFile); }

Result<OnnxExport> ExportOnnx(const fs::path& bundle, const fs::path& target, const OnnxExportOptions& options) {
  TRY(ReadManifest(bundle));
  const bool int8 = options.format == OnnxFormat::kInt8;
  const auto [model, difference] = TRY(BuildGraph(bundle, options));
  TRY(CheckOnnxModel(model));

  TRY(MakeDirectory(target / kFolder));
  const uint64_t total = InlineBytes(model);
  OnnxFileOptions file;
  file.external_data = options.external_data;
  file.inline_limit = options.inline_limit;
  uint64_t done = 0;
  file.progress = [&](uint64_t bytes) -> Result<void> {
    done += bytes;
    if (!options.progress || options.progress(done, total)) return {};
    return Fail(ErrorCode::kCancelled, "stopped; no file was changed");
  };
  OnnxExport result;
  result.difference = difference;
  result.model = target / kFolder / (int8 ? "model_quantized.onnx" : "model.onnx");
  result.bytes = TRY(WriteOnnxModel(result.model, model, file));
  result.external_data = options.external_data || total > options.inline_limit;
  return result;
}

Result<std::vector<double>> BakedTemperatures(const Manifest& manifest, const ModelConfig& config,
                                              bool bake_temperature) {
  const Calibration calibration = CalibrationOf(manifest);
  if (!bake_temperature || calibration.method != CalibrationMethod::kTemperature) return std::vector<double>();
  TRY(CheckCalibrationFits(calibration, config.labels.size(), config.multi_label));
  if (!calibration.temperatures.empty()) return calibration.temperatures;
  return std::vector<double>(config.labels.size(), calibration.temperature);
}

Result<Json> GraphProperties(const fs::path& bundle, const Manifest& manifest, const OnnxExportOptions& options) {
  const bool linear = IsLinearBundle(bundle);
  std::vector<std::string> inputs = {"input_ids", "attention_mask"};
  if (options.token_types) inputs.push_back("token_type_ids");
  if (linear) inputs = {"text"};
  Json properties = Json::object();
  properties["inputs"] = inputs;
  const Calibration calibration = CalibrationOf(manifest);
  if ((linear || options.bake_temperature) && calibration.method == CalibrationMethod::kTemperature) {
    properties["baked_temperature"] =
        calibration.temperatures.empty() ? Json(calibration.temperature) : Json(calibration.temperatures);
  }
  return properties;
}

Manifest WithoutBakedTemperature(const Manifest& manifest, const Json& properties) {
  Manifest rest = manifest;
  if (!properties.contains("baked_temperature")) return rest;
  rest.temperature = 1;
  if (rest.calibration) rest.calibration->calibration.temperatures.clear();
  return rest;
}

Result<void> WriteOnnxMetadata(const Manifest& manifest, const Json& properties, const fs::path& bundle,
                               const fs::path& target) {
  const LabelsOfBundle labels = TRY(ReadLabels(bundle));
  Json digests = Json::object();
  std::error_code error;
  for (auto entry = fs::directory_iterator(target / kFolder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsOnnxFile(name)) digests[name] = TRY(Sha256OfFile(entry->path()));
  }
  Json metrics = Json::object();
  if (fs::exists(bundle / kTrainingInfoFile, error)) metrics = TRY(ReadTrainingInfo(bundle)).metrics;
  Json metadata = {
      {"name", manifest.name},
      {"version", manifest.version},
      {"labels", labels.names},
      {"problem_type", labels.multi_label ? "multi_label_classification" : "single_label_classification"},
      {"positive_label", manifest.positive_label},
      {"text_template", manifest.text_template},
      {"max_length", manifest.max_length},
      {"long_text", NameOf(manifest.long_text)},
      {"sha256", digests},
      {"metrics", metrics},
  };
  metadata.update(properties);
  WriteCalibration(WithoutBakedTemperature(manifest, properties), metadata);
  // No part of the graph: a service folds texts itself, or sees fewer disguises than it could.
  if (manifest.fold_disguises) metadata["fold_disguises"] = true;
  return WriteFileAtomically(target / kOnnxMetadataFile, DumpJson(metadata));
}

Result<void> SealOnnxFiles(const fs::path& bundle) {
  std::error_code ignored;
  if (!fs::exists(bundle / kManifestFile, ignored)) return {};
  Manifest manifest = TRY(ReadManifest(bundle));
  const auto is_ours = [](const std::string& name) { return name.starts_with(std::string(kFolder) + "/"); };
  std::erase_if(manifest.sha256, [&](const auto& entry) { return is_ours(entry.first); });
  for (const std::string& name : TRY(BundleFiles(bundle))) {
    if (is_ours(name)) manifest.sha256[name] = TRY(Sha256OfFile(bundle / name));
  }
  return WriteManifest(bundle, manifest);
}

}  // namespace winnow
