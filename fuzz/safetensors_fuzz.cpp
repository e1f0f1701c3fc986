// Any bytes as a safetensors file: parsed or refused, and every byte of every tensor may be touched. The same bytes
// again as a header and data, which get the length of the header that random bytes hardly ever have.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bundle/safetensors.h"
#include "input_bytes.h"

namespace {

void Read(std::span<const std::byte> bytes) {
  const auto contents = winnow::ParseSafetensors(bytes, "fuzz");
  if (!contents) return;
  for (const winnow::TensorView& tensor : contents->tensors) {
    std::vector<float> values(static_cast<size_t>(tensor.count()));
    static_cast<void>(winnow::CopyAsF32(tensor, values));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read(std::as_bytes(std::span(data, size)));
  winnow::InputBytes input(data, size);
  const std::string_view header = input.Until('\n');
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) file += static_cast<char>(uint64_t{header.size()} >> shift & 0xff);
  Read(winnow::BytesOf(file.append(header).append(input.Rest())));
  return 0;
}
