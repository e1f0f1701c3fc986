#include "cli/registry_flat.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/temporary_directory.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/model_version.h"
#include "cli/export.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Files of a bundle and their names in a flat directory.
const std::vector<std::pair<std::string, std::string>> kFlatFiles = {
    {"onnx/model.onnx", "model.onnx"},    {"onnx/model.onnx.data", "model.onnx.data"}, {"vocab.txt", "vocab.txt"},
    {"tokenizer.json", "tokenizer.json"}, {kOnnxMetadataFile, kFlatMetadataFile},      {kLabelsFile, kLabelsFile},
    {kVersionFile, kVersionFile},
};

}  // namespace

Result<void> PullFlat(Registry& registry, const ModelVersion& version, const fs::path& output, bool overwrite) {
  BundleWriter writer = TRY(BundleWriter::Begin(output, overwrite));
  const ScopedTemporaryDirectory temporary = TRY(ScopedTemporaryDirectory::Make("pull"));
  const fs::path bundle = temporary.path() / version.name;
  TRY(registry.Pull(version, bundle, false));
  std::error_code error;
  if (!fs::exists(bundle / "onnx/model.onnx", error) || !fs::exists(bundle / kOnnxMetadataFile, error)) {
    TRY(ExportWithProgress({.bundle = bundle}));
  }
  for (const auto& [from, to] : kFlatFiles) {
    if (!fs::exists(bundle / from, error)) continue;
    fs::copy_file(bundle / from, writer.path() / to, error);
    if (error)
      return Fail(ErrorCode::kIo, fmt::format("{}: cannot write: {}", (output / to).string(), error.message()),
                  "check the free space and the permissions of the directory");
  }
  return writer.Commit();
}

}  // namespace winnow
