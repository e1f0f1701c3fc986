// Any bytes as a linear model: read or refused, and what was read may be used. And as the numbers of one whose sizes
// agree.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "input_bytes.h"
#include "linear/linear_file.h"

namespace {

void Read(std::string_view bytes) {
  // Where a mapped file would lie: aligned.
  std::vector<uint64_t> aligned(bytes.size() / 8 + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto contents = winnow::ParseLinearFile(std::as_bytes(std::span(aligned)).first(bytes.size()), "fuzz");
  if (!contents) return;
  winnow::Vectorizer::Scratch scratch;
  for (const char* text : {"the seal sang at dusk", "\xc3\xa9 \xff", "a b"}) {
    const auto row = contents->vectorizer.Weigh(text, scratch);
    for (const int32_t column : row.columns) {
      volatile float weight = contents->weights[static_cast<size_t>(column) * contents->outputs];
      static_cast<void>(weight);
    }
  }
}

void Put(std::string& file, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) file += static_cast<char>(value >> (8 * i) & 0xff);
}

/// The file's layout is described in linear/linear_file.h.
std::string Built(winnow::InputBytes& input) {
  std::string file = "WNLINEAR";
  Put(file, 1, 4);
  const size_t analyzer = input.Below(4), kind = input.Below(3), multi = input.Below(2), flags = input.Below(64);
  for (const size_t option : {analyzer, kind, multi, flags}) Put(file, option, 1);
  for (int i = 0; i < 4; ++i) Put(file, input.Below(8) == 7 ? input.Number(4) : 1 + input.Below(4), 4);
  Put(file, input.Number(2), 8);
  const size_t labels = 1 + input.Below(4), outputs = winnow::OutputsOf(labels, multi == 1), features = input.Below(12);
  const size_t words = input.Below(16) == 15 ? input.Number(8) : input.Below(features + 1);
  std::string vocabulary;
  for (size_t i = 0; i < features; ++i) {
    const std::string_view rest = input.Text(14);
    vocabulary += static_cast<char>(input.Below(3) << 4 | rest.size());
    vocabulary += rest;
  }
  for (const size_t number : {labels, outputs, features, words, vocabulary.size()}) Put(file, number, 8);
  file.resize(128, '\0');
  for (size_t i = 0; i < features * outputs; ++i) Put(file, uint64_t{input.Byte()} << 22, 4);
  file.resize((file.size() + 63) / 64 * 64, '\0');
  const size_t numbers = features + outputs * ((flags & 4) != 0 ? 3 : 1);
  for (size_t i = 0; i < numbers; ++i) Put(file, 0x3f800000 + (uint64_t{input.Byte()} << 12), 4);
  file += vocabulary;
  Damage(input, file);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read({reinterpret_cast<const char*>(data), size});
  winnow::InputBytes input(data, size);
  Read(Built(input));
  return 0;
}
