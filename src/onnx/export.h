/// Export of a bundle to ONNX files, which any ONNX runtime reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"

namespace winnow {

enum class OnnxFormat {
  kFloat,  ///< float weights, model.onnx
  kInt8,   ///< model_quantized.onnx: dynamic quantization, as by onnxruntime's quantize_dynamic
};

struct OnnxExportOptions {
  OnnxFormat format = OnnxFormat::kFloat;
  bool token_types = false;    ///< true for a third input, token_type_ids; otherwise every token is of type 0
  bool external_data = false;  ///< true if weights are in a separate file beside the model's: model.onnx.data
  /// True if the classifier's weights are divided by the temperature of the bundle's calibration, so that a softmax or
  /// sigmoid of the logits gives its probabilities. Without effect on a model that another method calibrates, and on a
  /// linear model, whose graph always contains the temperature.
  bool bake_temperature = false;
  uint64_t inline_limit = 2'000'000'000;  ///< size above which models always have external data
  /// Receives the bytes so far and the total. Returning false cancels the export.
  std::function<bool(uint64_t done, uint64_t total)> progress = {};
};

struct OnnxExport {
  std::filesystem::path model;
  uint64_t bytes = 0;          ///< size of the model file and its external data
  bool external_data = false;  ///< true if there is a file of data
  /// A sentence on the texts that an ONNX runtime may classify differently from Winnow; empty: none.
  std::string difference = {};
};

/// Returns true if the model of `bundle` is a linear one.
bool IsLinearBundle(const std::filesystem::path& bundle);

/// Writes the model of `bundle` to `target`/onnx/model.onnx or model_quantized.onnx (the layout that transformers.js
/// reads). A model that onnx's own checker or strict shape inference rejects is not written; files appear only when
/// they are complete. A linear model has a graph of strings, see onnx/linear_graph.h. Errors: kNotFound, kIo,
/// kInvalidModel; kUnsupported for token types if the model has none, and for INT8 and external data of a linear model;
/// kCancelled.
Result<OnnxExport> ExportOnnx(const std::filesystem::path& bundle, const std::filesystem::path& target,
                              const OnnxExportOptions& options);

/// Returns the temperatures by which an export divides the classifier of a transformer, one per label; empty: none.
/// Errors: kInvalidModel for a calibration that does not fit the labels.
Result<std::vector<double>> BakedTemperatures(const Manifest& manifest, const ModelConfig& config,
                                              bool bake_temperature);

/// Properties that the graphs of a bundle's ONNX files have in common, as onnx/model_metadata.json states them:
/// `inputs`, their names; `baked_temperature`, the temperature that the graphs contain (or a list of one per label), if
/// they do.
Result<Json> GraphProperties(const std::filesystem::path& bundle, const Manifest& manifest,
                             const OnnxExportOptions& options);

/// Returns the manifest without the temperature that the graphs contain according to `properties`.
Manifest WithoutBakedTemperature(const Manifest& manifest, const Json& properties);

/// Writes `target`/onnx/model_metadata.json with what a service needs besides the ONNX files: `properties`, and of
/// `manifest`, which is that of `bundle`: version, labels, max_length, long_text, temperature, calibration (those that
/// are left to the service), thresholds, abstention, fold_disguises if it is true; digests of the ONNX files, and the
/// metrics of training_info.json if there is one. Errors: kNotFound, kIo, kInvalidModel.
Result<void> WriteOnnxMetadata(const Manifest& manifest, const Json& properties, const std::filesystem::path& bundle,
                               const std::filesystem::path& target);

/// Updates the digests of `bundle`'s winnow.json for the files below onnx/, and keeps the others, so that a damaged
/// weight file is still detected. Does nothing for a directory without winnow.json. Errors: kIo, kInvalidModel.
Result<void> SealOnnxFiles(const std::filesystem::path& bundle);

}  // namespace winnow
