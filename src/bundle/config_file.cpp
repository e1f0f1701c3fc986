// config.json in a directory.
#include <fmt/format.h>

#include "base/files.h"
#include "bundle/model_config.h"
#include "bundle/open_weights.h"

namespace winnow {

Result<ModelConfig> ReadModelConfig(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "config.json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    TRY(RefuseAdapter(dir));
    const bool listed = std::filesystem::exists(dir / "winnow.json", ignored);
    return Fail(ErrorCode::kNotFound,
                !std::filesystem::exists(dir, ignored)         ? fmt::format("{}: no such directory", dir.string())
                : !std::filesystem::is_directory(dir, ignored) ? fmt::format("{}: not a directory", dir.string())
                : listed
                    ? fmt::format("{}: no such file", path.string())
                    : fmt::format("{}: not a model: it contains neither winnow.json nor config.json", dir.string()),
                "specify a directory that 'winnow train' has written, or the directory of a Hugging Face model");
  }
  return ParseModelConfig(TRY(ReadFile(path)), path.string());
}

Result<void> WriteModelConfig(const std::filesystem::path& dir, const ModelConfig& config) {
  return WriteFileAtomically(dir / "config.json", TRY(FormatModelConfig(config)));
}

}  // namespace winnow
