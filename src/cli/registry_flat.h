/// The files of a version in one directory, as services that run ONNX deploy them.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "registry/registry.h"

namespace winnow {

/// Writes model.onnx, model.onnx.data (if the weights are in a file of their own), model_metadata.json, labels.json,
/// MODEL_VERSION.json and, as far as the model has them, tokenizer.json and vocab.txt to `output`, which changes in one
/// step. A version without ONNX files is exported first. Errors: those of Registry::Pull, ExportBundle and
/// BundleWriter.
Result<void> PullFlat(Registry& registry, const ModelVersion& version, const std::filesystem::path& output,
                      bool overwrite);

}  // namespace winnow
