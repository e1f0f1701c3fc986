// Any bytes as a safetensors file: parsed or refused, and every byte of every tensor may be touched.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bundle/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto contents = winnow::ParseSafetensors(std::as_bytes(std::span(data, size)), "fuzz");
  if (!contents) return 0;
  for (const winnow::TensorView& tensor : contents->tensors) {
    std::vector<float> values(static_cast<size_t>(tensor.count()));
    static_cast<void>(winnow::CopyAsF32(tensor, values));
  }
  return 0;
}
