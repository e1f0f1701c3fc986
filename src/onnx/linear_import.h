/// From an ONNX file of a text classifier, scikit-learn's or Winnow's own, to a linear model.
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
  bool has_probabilities = true;    ///< false: scores alone, as those of scikit-learn's LinearSVC
  std::string producer;             ///< "skl2onnx 1.20.0"
  std::vector<std::pair<std::string, std::string>> properties;  ///< metadata_props
};

/// The model's probabilities are onnxruntime's to the last digits, but for texts with U+0130, which Winnow makes small
/// as Unicode has it. What is understood: see onnx/linear_pipeline.h. n-grams that no text can have are left out.
/// Nothing of a file is believed before it is checked; it takes no more memory than some hundred times `bytes`.
/// `where` opens the messages. Errors: kInvalidModel; kUnsupported, naming the node that is not understood.
Result<ImportedLinear> ParseOnnxLinear(std::span<const std::byte> bytes, std::string_view where);

/// Errors: kNotFound, kIo, and ParseOnnxLinear's.
Result<ImportedLinear> ReadOnnxLinear(const std::filesystem::path& file);

}  // namespace winnow
