/// `winnow export`, as other commands use it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

constexpr char kOnnxFloatFormat[] = "onnx";
constexpr char kOnnxInt8Format[] = "onnx-int8";

struct ExportRecipe {
  std::filesystem::path bundle{};
  std::vector<std::string> formats = {kOnnxFloatFormat};
  std::optional<std::filesystem::path> output{};  // empty: into the bundle
  bool with_token_types = false;
  bool external_data = false;
  bool overwrite = false;
};

/// Writes the ONNX files, with a progress bar. One object for each format: path, bytes, format, external_data.
Result<Json> ExportBundle(const ExportRecipe& recipe);

}  // namespace winnow
