// Any bytes as a pickle, and as the choice of opcodes of one whose operands are complete. Apart from pytorch_file's,
// since a fuzzer rarely finds a zip file around one.
#include <cstddef>
#include <cstdint>
#include <string>

#include "../tests/support/pytorch_writer.h"
#include "bundle/pickle.h"
#include "input_bytes.h"

namespace {

constexpr std::string_view kGlobals[] = {"collections.OrderedDict", "a.b"};

void Read(std::span<const std::byte> bytes) {
  const auto pickle = winnow::ParsePickle(bytes, kGlobals, "fuzz");
  if (!pickle) return;
  if (pickle->size > bytes.size() || pickle->root >= pickle->values.size()) std::abort();
  for (const winnow::PickleValue& value : pickle->values) {
    for (const uint32_t item : value.items) static_cast<void>(pickle->values.at(item));
  }
}

std::string Built(winnow::InputBytes& input) {
  using P = winnow::PickleText;
  std::string pickle = "\x80\x02";
  while (!input.empty()) {
    switch (input.Below(10)) {
      case 0:  // opcodes without operands: marks, containers, truth values, what takes from the stack
        pickle += "()]}Nta esu0RbQ\x85\x86\x87\x88\x89\x93\x94."[input.Below(23)];
        break;
      case 1:
        pickle += P::Text(std::string(input.Text(12)));
        break;
      case 2:
        pickle += P::Int(static_cast<int64_t>(input.Number(8)));
        break;
      case 3:
        pickle += "K" + P::Little(input.Byte(), 1);
        break;
      case 4:
        pickle += input.Flag() ? P::OrderedDict() : P::Global("a", "b");
        break;
      case 5:
        pickle += P::Global(std::string(input.Text(6)), std::string(input.Text(6)));
        break;
      case 6:
        pickle += (input.Flag() ? "q" : "h") + P::Little(input.Below(8), 1);
        break;
      case 7:
        pickle += "\x8a" + P::Little(input.Below(12), 1) + std::string(input.Text(12));
        break;
      case 8:
        pickle += "G" + P::Little(input.Number(8), 8);
        break;
      default:
        pickle += "\x95" + P::Little(input.Number(8), 8);
    }
  }
  return pickle + ".";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read(std::as_bytes(std::span(data, size)));
  winnow::InputBytes input(data, size);
  Read(winnow::BytesOf(Built(input)));
  return 0;
}
