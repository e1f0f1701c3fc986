// Any bytes as a SentencePiece model: read or refused; what is read tokenizes any text into its own ids.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tokenize/sentencepiece_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto parts = winnow::ParseSentencePieceModel(bytes, "fuzz");
  if (!parts) return 0;
  const auto model = winnow::Unigram::Make(*std::move(parts), "fuzz");
  if (!model) return 0;
  // The file is its own text, so that its pieces and rules occur there.
  const std::string_view text = bytes.substr(0, 4096);
  std::vector<int32_t> ids;
  std::vector<winnow::TokenSpan> spans;
  (*model)->Encode(text, 0, 512, ids, &spans);
  if (ids.size() != spans.size()) std::abort();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || static_cast<size_t>(ids[i]) >= (*model)->size()) std::abort();
    if (spans[i].begin > spans[i].end || spans[i].end > text.size()) std::abort();
  }
  return 0;
}
