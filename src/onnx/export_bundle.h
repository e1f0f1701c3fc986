/// The ONNX files of a bundle, in the bundle or in a directory that deploys as it is: what `winnow export` does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "onnx/export.h"

namespace winnow {

struct ExportPlan {
  std::filesystem::path bundle{};
  std::vector<OnnxFormat> formats = {OnnxFormat::kFloat};
  std::optional<std::filesystem::path> output{};  ///< empty: into the bundle
  bool with_token_types = false;
  bool external_data = false;
  bool overwrite = false;  ///< replace `output` even if it is not a former export
  /// Told the bytes so far and in all of a format's file. False cancels.
  std::function<bool(OnnxFormat format, uint64_t done, uint64_t total)> progress = {};
  std::function<void(const std::string& line)> warn = {};  ///< told that a model is replaced
};

struct ExportedFile {
  std::filesystem::path path;
  OnnxFormat format = OnnxFormat::kFloat;
  uint64_t bytes = 0;
  bool external_data = false;  ///< whether a file of weights lies beside it
};

/// "onnx", "onnx-int8".
const char* NameOf(OnnxFormat format);

/// path, bytes, format, external_data.
Json ExportedFileJson(const ExportedFile& file);

/// Writes a file for each format, and onnx/model_metadata.json; into `output` also config, tokenizer and labels. That
/// directory is the former one or the new one at every moment. Errors: ExportOnnx's; kInvalidArgument for an output
/// that contains the bundle; kExists for one that holds something else than a former export.
Result<std::vector<ExportedFile>> ExportBundle(const ExportPlan& plan);

}  // namespace winnow
