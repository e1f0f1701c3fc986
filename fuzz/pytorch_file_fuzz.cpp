// Any bytes as a PyTorch file: parsed or refused, and every byte of every tensor may be touched.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bundle/pytorch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto contents = winnow::ParsePyTorch(std::as_bytes(std::span(data, size)), "fuzz");
  if (!contents) return 0;
  unsigned sum = 0;
  for (const winnow::TensorView& tensor : contents->tensors) {
    for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
  }
  volatile unsigned kept = sum;
  static_cast<void>(kept);
  return 0;
}
