/// From a bundle to ONNX files, which any ONNX runtime reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class OnnxFormat {
  kFloat,  ///< model.onnx
  kInt8,   ///< model_quantized.onnx: dynamic quantisation, as onnxruntime's quantize_dynamic makes it
};

struct OnnxExportOptions {
  OnnxFormat format = OnnxFormat::kFloat;
  bool token_types = false;               ///< a third input, token_type_ids; otherwise every token is of type 0
  bool external_data = false;             ///< weights in a file of their own beside the model's: model.onnx.data
  uint64_t inline_limit = 2'000'000'000;  ///< larger models have it always
  /// Told the bytes so far and in all. False cancels.
  std::function<bool(uint64_t done, uint64_t total)> progress = {};
};

struct OnnxExport {
  std::filesystem::path model;
  uint64_t bytes = 0;          ///< size of the model file and its external data
  bool external_data = false;  ///< whether there is a file of data
};

/// Writes the model of `bundle` to `target`/onnx/model.onnx or model_quantized.onnx (the layout that transformers.js
/// reads). onnx's own checker and strict shape inference accept it, or nothing is written; files appear whole or not at
/// all. A linear model has a graph of strings, see onnx/linear_graph.h. Errors: kNotFound, kIo, kInvalidModel;
/// kUnsupported for token types where there are none, and for INT8 and external data of a linear model; kCancelled.
Result<OnnxExport> ExportOnnx(const std::filesystem::path& bundle, const std::filesystem::path& target,
                              const OnnxExportOptions& options);

/// Writes `target`/onnx/model_metadata.json, what a service needs to know of `bundle` beside the ONNX files: version,
/// labels, max_length, temperature, calibration, thresholds, abstention, fold_disguises where it is true, digests of
/// the ONNX files that lie there, and the metrics of training_info.json where there is one. Errors: kNotFound, kIo,
/// kInvalidModel.
Result<void> WriteOnnxMetadata(const std::filesystem::path& bundle, const std::filesystem::path& target);

/// Brings the digests of `bundle`'s winnow.json up to date for the files below onnx/, and leaves the others as they
/// are: a damaged weight stays a damaged weight. Nothing for a directory without winnow.json. Errors: kIo,
/// kInvalidModel.
Result<void> SealOnnxFiles(const std::filesystem::path& bundle);

}  // namespace winnow
