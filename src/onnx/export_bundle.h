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
#include "bundle/model_version.h"
#include "onnx/export.h"

namespace winnow {

struct ExportPlan {
  std::filesystem::path bundle{};
  std::vector<OnnxFormat> formats = {OnnxFormat::kFloat};
  /// Also write the float weights as model.safetensors, which needs an output (onnx/float_weights.h).
  bool float_weights = false;
  std::optional<std::filesystem::path> output{};  ///< directory of the export; empty: the bundle
  bool with_token_types = false;
  bool external_data = false;
  bool bake_temperature = true;  ///< OnnxExportOptions'
  VersionPlan version{};         ///< version of the exported model; empty: that of the bundle
  bool overwrite = false;        ///< replace `output` even if it is not a former export
  /// Receives the bytes so far and the total of a format's file. Returning false cancels the export.
  std::function<bool(OnnxFormat format, uint64_t done, uint64_t total)> progress = {};
  std::function<void(const std::string& line)> warn = {};  ///< receives the warning that a model is replaced
  /// Receives sentences on what the ONNX files do not contain, and on texts that they classify differently.
  std::function<void(const std::string& line)> note = {};
};

struct ExportedFile {
  std::filesystem::path path;
  std::string format;  ///< NameOf's, or kFloatWeightsFormat
  uint64_t bytes = 0;
  bool external_data = false;  ///< true if a file of weights lies beside it
};

inline constexpr char kFloatWeightsFormat[] = "safetensors";

/// Returns "onnx" or "onnx-int8".
const char* NameOf(OnnxFormat format);

/// Returns an object with path, bytes, format and external_data.
Json ExportedFileJson(const ExportedFile& file);

/// Writes a file for each format, and onnx/model_metadata.json; into `output` also config, tokenizer, labels, the
/// manifest and the rule for out-of-scope texts. At every moment, that directory is either the former or the new one.
/// In the bundle, a file of another format whose graph has other properties (GraphProperties) is exported again, too,
/// because the metadata describe both. Errors: ExportOnnx's; kInvalidArgument for an output that contains the bundle,
/// and for a version, and for float weights without an output; kExists for an output that contains files other than a
/// former export; kUnsupported for a linear model without its temperature, or with float weights.
Result<std::vector<ExportedFile>> ExportBundle(const ExportPlan& plan);

/// Brings the ONNX files in a bundle up to date after its calibration has changed: exports those again that contain the
/// former temperature, and writes their metadata. A file of a linear model that cannot contain the new calibration is
/// removed. `note` receives a sentence on files that were written or removed. Does nothing for a bundle without
/// onnx/model_metadata.json. Errors: ExportOnnx's.
Result<void> RefreshOnnxFiles(const std::filesystem::path& bundle,
                              const std::function<void(const std::string& line)>& note);

}  // namespace winnow
