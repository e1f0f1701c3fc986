// Any bytes as AWS's files of credentials and settings, and as the URL of a bucket.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "artifacts/artifact_key.h"
#include "artifacts/aws_profile.h"
#include "artifacts/s3_url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool is_config : {false, true}) {
    const auto profiles = winnow::ParseAwsProfiles(text, is_config);
    if (!profiles) continue;
    for (const auto& [name, settings] : *profiles) {
      if (name.empty()) std::abort();
      for (const auto& [setting, value] : settings) {
        if (setting.empty() || value.find('\n') != std::string::npos) std::abort();
      }
    }
  }
  if (const auto address = winnow::ParseS3Url(text)) {
    if (address->bucket.empty() || !winnow::CheckArtifactPrefix(address->prefix)) std::abort();
  }
  return 0;
}
