/// Conversion of an ONNX file of a text classifier, made by scikit-learn or Winnow, to a linear model.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "linear/linear_model.h"

namespace winnow {

struct ImportedLinear {
  LinearModel model;
  std::vector<std::string> labels;  ///< labels of the file; numbers become text, and missing labels "0", "1", ...
  double temperature = 1;           ///< temperature with which the model's logits give the file's probabilities
  bool has_probabilities = true;    ///< false: the file has only scores, as for scikit-learn's LinearSVC
  std::string producer;             ///< producer of the file: "skl2onnx 1.20.0"
  std::vector<std::pair<std::string, std::string>> properties;  ///< metadata_props of the file
};

/// Reads a model from memory. Its probabilities are onnxruntime's to the last digits, except for texts with U+0130,
/// which Winnow lowercases as defined by Unicode. For the supported graphs see onnx/linear_pipeline.h. n-grams that no
/// text can have are left out. All contents are checked, and the memory is at most some hundred times `bytes`. `where`
/// is the beginning of error messages. Errors: kInvalidModel; kUnsupported, naming the unsupported node.
Result<ImportedLinear> ParseOnnxLinear(std::span<const std::byte> bytes, std::string_view where);

/// Reads a model from a file. Errors: kNotFound, kIo, and ParseOnnxLinear's.
Result<ImportedLinear> ReadOnnxLinear(const std::filesystem::path& file);

}  // namespace winnow
