// Any text as a tokenizer.json: read or refused; what is read tokenizes any text into its own ids.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "text/text_limits.h"
#include "tokenize/tokenizer_json.h"

namespace {

int Run(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = winnow::ParseTokenizerJson(json, "fuzz");
  if (!tokenizer) return 0;
  const std::string_view text = json.substr(0, 2048);
  for (const bool parse : {false, true}) {
    std::vector<int32_t> ids;
    std::vector<winnow::TokenSpan> spans;
    tokenizer->Encode(text, {.max_length = 512, .parse_special_tokens = parse}, ids, &spans);
    if (ids.size() != spans.size() || ids.size() > 512) std::abort();
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0 || ids[i] >= tokenizer->vocab_size()) std::abort();
      if (spans[i].begin > spans[i].end || spans[i].end > text.size()) std::abort();
    }
  }
  std::vector<int32_t> pair;
  const auto cut = winnow::PairCut::kLonger;
  if (tokenizer->EncodePair(text, text.substr(0, 100), 64, cut, pair) > pair.size() || pair.size() > 64) std::abort();
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    return Run(data, size);
  } catch (const winnow::TextLimitExceeded&) {  // a text that grows too much, or takes too long to search
    return 0;
  }
}
