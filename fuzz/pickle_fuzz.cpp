// Any bytes as a pickle. Apart from pytorch_file's, since a fuzzer rarely finds a zip file around one.
#include <cstddef>
#include <cstdint>

#include "bundle/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view kGlobals[] = {"collections.OrderedDict", "a.b"};
  const auto pickle = winnow::ParsePickle(std::as_bytes(std::span(data, size)), kGlobals, "fuzz");
  if (!pickle) return 0;
  for (const winnow::PickleValue& value : pickle->values) {
    for (const uint32_t item : value.items) static_cast<void>(pickle->values.at(item));
  }
  return 0;
}
