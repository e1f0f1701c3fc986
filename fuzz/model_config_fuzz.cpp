// Any text as a config.json or a winnow.json: parsed or refused; what is parsed as a config is written and reads back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bundle/manifest.h"
#include "bundle/model_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(winnow::ParseManifest(text, "fuzz"));
  const auto config = winnow::ParseModelConfig(text, "fuzz");
  if (!config) return 0;
  const auto written = winnow::FormatModelConfig(*config);
  if (!written) std::abort();
  const auto again = winnow::ParseModelConfig(*written, "fuzz");
  if (!again || again->labels != config->labels || again->hidden_size != config->hidden_size) std::abort();
  return 0;
}
