// Any bytes as a PyTorch file: parsed or refused, and every byte of every tensor may be touched. And as the description
// of one in either form, with a few tensors whose numbers are as the input says.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../tests/support/pytorch_writer.h"
#include "bundle/pytorch_file.h"
#include "input_bytes.h"

namespace {

void Read(std::span<const std::byte> bytes) {
  const auto contents = winnow::ParsePyTorch(bytes, "fuzz");
  if (!contents) return;
  unsigned sum = 0;
  for (const winnow::TensorView& tensor : contents->tensors) {
    for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
  }
  volatile unsigned kept = sum;
  static_cast<void>(kept);
}

/// Numbers of shapes, strides and offsets: mostly small, sometimes any.
int64_t Size(winnow::InputBytes& input) {
  return input.Below(8) == 7 ? static_cast<int64_t>(input.Number(8)) : static_cast<int64_t>(input.Below(5));
}

std::string Built(winnow::InputBytes& input) {
  using P = winnow::PickleText;
  constexpr const char* kTypes[] = {"FloatStorage", "HalfStorage",   "BFloat16Storage", "LongStorage",
                                    "ByteStorage",  "DoubleStorage", "BoolStorage"};
  std::vector<std::pair<std::string, std::string>> entries, storages;
  const bool legacy = input.Flag();
  for (size_t tensors = input.Below(4); tensors > 0; --tensors) {
    winnow::TestTensor tensor;
    tensor.type = input.OneOf(kTypes);
    tensor.key = std::to_string(input.Below(3));
    tensor.count = Size(input);
    tensor.offset = Size(input);
    tensor.legacy = legacy;
    for (size_t axes = input.Below(4); axes > 0; --axes) tensor.shape.push_back(Size(input));
    for (size_t axes = input.Flag() ? tensor.shape.size() : input.Below(4); axes > 0; --axes)
      tensor.strides.push_back(Size(input));
    const std::string name(input.Text(8));
    entries.emplace_back(name, input.Flag() ? tensor.Pickled() : tensor.PickledParameter());
  }
  for (size_t i = 0; i < 3; ++i) storages.emplace_back(std::to_string(i), std::string(4 * input.Below(8), 'x'));
  const std::string pickled = P::Dict(entries, input.Flag());
  std::string file = legacy ? winnow::PyTorchLegacy(pickled, storages, input.Below(8) != 1)
                            : winnow::PyTorchZip(pickled, storages, input.Below(8) == 1 ? "big" : "little");
  Damage(input, file);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read(std::as_bytes(std::span(data, size)));
  winnow::InputBytes input(data, size);
  Read(winnow::BytesOf(Built(input)));
  return 0;
}
