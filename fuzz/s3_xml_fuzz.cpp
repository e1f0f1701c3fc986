// Any bytes as the answers of an S3-compatible storage service.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "artifacts/s3_xml.h"

namespace {

size_t Depth(const winnow::XmlElement& element) {
  size_t deepest = 0;
  for (const winnow::XmlElement& child : element.children) deepest = std::max(deepest, Depth(child));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  const auto root = winnow::ParseXml(document);
  if (root && (root->name.empty() || Depth(*root) > 8)) std::abort();
  if (const auto page = winnow::ParseObjectPage(document); page && !root) std::abort();
  winnow::ParseUploadPage(document);
  winnow::ParsePartPage(document);
  if (const auto id = winnow::ParseUploadId(document); id && id->empty()) std::abort();
  if (winnow::ParseS3Error(document) && root->name != "Error") std::abort();
  return 0;
}
