/// Import of an ONNX file as a bundle, for `winnow import`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/model_version.h"

namespace winnow {

struct ImportPlan {
  std::filesystem::path model{};  ///< path of an ONNX file (onnx/linear_import.h)
  /// Directory of the bundle; a Winnow model in it is replaced once the new one is complete.
  std::filesystem::path output_dir{};
  std::vector<std::string> labels{};  ///< labels in the order of the file; empty: the labels in the file
  std::string positive_label{};       ///< positive label; empty: that of DefaultPositiveLabel
  std::string name{};                 ///< name of the model; empty: the name of the directory
  VersionPlan version{};              ///< version of the model; empty: VersionOfNew's
  bool overwrite = false;             ///< replace a directory that holds something else than a Winnow model
  std::function<void(const std::string& line)> warn = {};  ///< receives the warning before a model is replaced
};

struct ImportedBundle {
  std::string kind;  ///< kind of the model: "lr", "svm"
  std::vector<std::string> labels;
  std::string positive_label;
  int64_t features = 0;
  bool has_probabilities = true;  ///< false: the file has only scores, so confidence is not calibrated
};

/// Reads the file and writes the bundle; after an error no incomplete bundle is left. Errors: ReadOnnxLinear's;
/// kInvalidArgument for labels that do not fit; kExists, kIo.
Result<ImportedBundle> ImportBundle(const ImportPlan& plan);

}  // namespace winnow
