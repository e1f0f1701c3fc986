// Any text as the values of headers that the server reads.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/percent_encoding.h"
#include "server/access_log.h"
#include "server/gzip.h"
#include "server/host_name.h"
#include "server/http.h"
#include "server/trusted_proxies.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string value(reinterpret_cast<const char*>(data), size);
  static const winnow::TrustedProxies kProxies = winnow::TrustedProxies::Parse({"loopback", "10.0.0.0/8"}).value();
  if (kProxies.ClientOf("127.0.0.1", {{"x-forwarded-for", value}}).empty()) std::abort();
  if (const auto host = winnow::ParseHost(value)) {
    // What is a loopback name is written as one.
    if (winnow::IsLoopbackName(*host) && value.find_first_of("/@% ") != std::string::npos) std::abort();
  }
  static_cast<void>(winnow::ParseOrigin(value));
  static_cast<void>(winnow::AcceptsGzip(value));
  static_cast<void>(winnow::ParseTraceParent(value));
  static_cast<void>(winnow::PercentDecoded(value));
  return 0;
}
