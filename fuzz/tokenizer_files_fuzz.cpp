// Any bytes as the files of a tokenizer's directory ("=== vocab.txt" begins one): read or refused; what is read
// tokenizes any text into its own ids, is written, and reads back as a tokenizer with the same ids.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "input_files.h"
#include "text/text_limits.h"
#include "tokenize/tokenizer.h"

namespace {

int Run(const uint8_t* data, size_t size) {
  constexpr std::string_view kNames[] = {"tokenizer.json",
                                         "vocab.txt",
                                         "spm.model",
                                         "sentencepiece.bpe.model",
                                         "vocab.json",
                                         "merges.txt",
                                         "config.json",
                                         "tokenizer_config.json",
                                         "special_tokens_map.json",
                                         "added_tokens.json"};
  static const winnow::MemoryDirectory kDirectory;
  kDirectory.Clear();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  winnow::ForEachInputFile(input, [&](std::string_view name, std::string_view contents) {
    if (std::ranges::find(kNames, name) != std::end(kNames)) kDirectory.Write(name, contents);
  });
  const auto tokenizer = winnow::Tokenizer::Load(kDirectory.path());
  if (!tokenizer) return 0;
  const std::string_view text = input.substr(0, 1024);
  std::vector<int32_t> ids, written;
  std::vector<winnow::TokenSpan> spans;
  tokenizer->Encode(text, {.max_length = 256, .parse_special_tokens = false}, ids, &spans);
  if (ids.size() != spans.size() || ids.size() > 256) std::abort();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= tokenizer->vocab_size()) std::abort();
    if (spans[i].begin > spans[i].end || spans[i].end > text.size()) std::abort();
  }
  kDirectory.Clear();
  if (!tokenizer->Save(kDirectory.path(), 256)) return 0;
  const auto again = winnow::Tokenizer::Load(kDirectory.path());
  if (!again) std::abort();
  again->Encode(text, 256, written);
  ids.clear();
  tokenizer->Encode(text, 256, ids);
  if (ids != written) std::abort();
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
