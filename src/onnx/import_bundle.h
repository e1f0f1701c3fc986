/// A bundle made of an ONNX file: what `winnow import` does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct ImportPlan {
  std::filesystem::path model{};       ///< an ONNX file (onnx/linear_import.h)
  std::filesystem::path output_dir{};  ///< of the bundle; a Winnow model there is replaced once the new one is whole
  std::vector<std::string> labels{};   ///< in the order of the file; empty: the file's
  std::string positive_label{};        ///< empty: DefaultPositiveLabel's
  std::string name{};                  ///< of the model; empty: the directory's
  bool overwrite = false;              ///< replace a directory that holds something else than a Winnow model
  std::function<void(const std::string& line)> warn = {};  ///< told before a model is replaced
};

struct ImportedBundle {
  std::string kind;  ///< "lr", "svm"
  std::vector<std::string> labels;
  std::string positive_label;
  int64_t features = 0;
  bool has_probabilities = true;  ///< false: the file has scores alone, so confidence is not calibrated
};

/// Reads the file and writes the bundle, whole or not at all. Errors: ReadOnnxLinear's; kInvalidArgument for labels
/// that do not fit; kExists, kIo.
Result<ImportedBundle> ImportBundle(const ImportPlan& plan);

}  // namespace winnow
