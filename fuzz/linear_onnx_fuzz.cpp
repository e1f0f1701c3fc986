// Any bytes as an ONNX file of a linear pipeline: read or refused; what is read answers any text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "onnx/linear_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto imported = winnow::ParseOnnxLinear(std::as_bytes(std::span(data, size)), "fuzz");
  if (!imported) return 0;
  winnow::LinearModel::Scratch scratch;
  std::vector<float> logits(imported->model.labels());
  if (logits.size() != imported->labels.size()) std::abort();
  // The file is its own text, so that its words occur there.
  imported->model.Logits(std::string_view(reinterpret_cast<const char*>(data), size).substr(0, 4096), scratch, logits);
  return 0;
}
