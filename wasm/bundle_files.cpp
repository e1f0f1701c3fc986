// Files of a bundle's directory as they are read here: those that were added, nothing else.
#include <string>

#include "base/files.h"
#include "bundle/manifest.h"
#include "bundle/manifest_text.h"
#include "bundle/model_config.h"
#include "classify/encoder_weights.h"

namespace winnow {

Result<ModelConfig> ReadModelConfig(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "config.json";
  return ParseModelConfig(TRY(ReadFile(path)), path.string());
}

Result<Manifest> ReadManifest(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / kManifestFile;
  if (std::filesystem::exists(path)) return ParseManifest(TRY(ReadFile(path)), path.string());
  const ModelConfig config = TRY(ReadModelConfig(dir));
  Manifest manifest;
  const std::filesystem::path tokenizer = dir / "tokenizer_config.json";
  const std::string stated = std::filesystem::exists(tokenizer) ? TRY(ReadFile(tokenizer)) : std::string();
  manifest.max_length = TRY(DefaultMaxLength(config, stated, tokenizer.string()));
  manifest.positive_label = DefaultPositiveLabel(config.labels);
  return manifest;
}

Result<std::unique_ptr<const EncoderWeights>> LoadFloatWeights(const std::filesystem::path&, const ModelConfig&,
                                                               ThreadPool&) {
  return Fail(ErrorCode::kNotFound,
              "model_int8.safetensors: no such file, and the WebAssembly module computes with INT8 weights alone",
              "create it beside model.safetensors: winnow quantize BUNDLE");
}

}  // namespace winnow
