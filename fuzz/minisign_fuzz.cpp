// Any bytes as a signature and as a public key of minisign: parsed or refused, and never a valid signature.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/minisign.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const winnow::MinisignKey kKey =
      winnow::ParseMinisignKey("RWRl/lJkjIalBa1EL7wSQNx0xu9gRBlbPb8tsTjM7Qt8+t/VgepITSE4", "key").value();
  static_cast<void>(winnow::ParseMinisignKey(text, "fuzz"));
  const auto signature = winnow::ParseMinisignSignature(text, "fuzz");
  if (signature && winnow::VerifyMinisign("winnow.json", *signature, kKey, "fuzz")) std::abort();
  return 0;
}
