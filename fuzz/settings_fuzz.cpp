// Any text as a file of settings: options in TOML, API keys, networks of proxies, addresses of servers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/options_toml.h"
#include "base/toml_depth.h"
#include "client/server_client.h"
#include "milter/listen_address.h"
#include "server/api_keys.h"
#include "server/trusted_proxies.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto entries = winnow::ParseTomlOptions(text, "fuzz")) {
    for (const winnow::TomlEntry& entry : *entries) {
      if (entry.key.empty() || entry.line == 0) std::abort();
    }
    if (winnow::LineOfLongTomlKey(text, winnow::kMaxTomlKeyParts)) std::abort();
  }
  if (const auto keys = winnow::ApiKeys::Parse(text, "fuzz")) {
    for (const winnow::ApiKey& key : keys->keys()) {
      if (key.name.empty() || key.digest.empty()) std::abort();
    }
  }
  static_cast<void>(winnow::TrustedProxies::Parse({text}));
  if (const auto address = winnow::ServerAddress::Parse(text); address && address->base.empty()) std::abort();
  static_cast<void>(winnow::ParseMilterAddress(text));
  return 0;
}
