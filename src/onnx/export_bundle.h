/// Export of a bundle's ONNX files, into the bundle or into a directory that can be deployed, for `winnow export`.
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
  std::optional<std::filesystem::path> output{};  ///< directory of the export; empty: the bundle
  bool with_token_types = false;
  bool external_data = false;
  bool overwrite = false;  ///< replace `output` even if it is not a former export
  /// Receives the bytes so far and the total of a format's file. Returning false cancels the export.
  std::function<bool(OnnxFormat format, uint64_t done, uint64_t total)> progress = {};
  std::function<void(const std::string& line)> warn = {};  ///< receives the warning that a model is replaced
  /// Receives sentences on what the ONNX files do not contain, and on texts that they classify differently.
  std::function<void(const std::string& line)> note = {};
};

struct ExportedFile {
  std::filesystem::path path;
  OnnxFormat format = OnnxFormat::kFloat;
  uint64_t bytes = 0;
  bool external_data = false;  ///< true if a file of weights lies beside it
};

/// Returns "onnx" or "onnx-int8".
const char* NameOf(OnnxFormat format);

/// Returns an object with path, bytes, format and external_data.
Json ExportedFileJson(const ExportedFile& file);

/// Writes a file for each format, and onnx/model_metadata.json; into `output` also config, tokenizer and labels. At
/// every moment, that directory is either the former or the new one. Errors: ExportOnnx's; kInvalidArgument for an
/// output that contains the bundle; kExists for one that contains files other than a former export.
Result<std::vector<ExportedFile>> ExportBundle(const ExportPlan& plan);

}  // namespace winnow
