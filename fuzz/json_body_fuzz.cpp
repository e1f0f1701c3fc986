// Any bytes as the body of a request: for /v1/classify, and for the Open Inference Protocol with and without a binary
// part.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/request_texts.h"
#include "server/v2_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const winnow::ServiceLimits limits = {.max_texts = 100, .max_text_bytes = 1000};
  if (const auto object = winnow::ParseObject(body, limits)) {
    for (const char* name : {"text", "texts", "inputs"}) {
      if (const winnow::Json* const value = winnow::FindField(*object, name)) {
        static_cast<void>(winnow::ReadText(*value, name, limits));
        static_cast<void>(winnow::ReadTexts(*value, name, limits));
      }
    }
  }
  static_cast<void>(winnow::ReadV2Request(body, "", limits));
  static_cast<void>(winnow::ReadV2Request(body, std::to_string(size / 2), limits));
  return 0;
}
