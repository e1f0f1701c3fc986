// Tokenizers.
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "engine.h"
#include "engine_state.h"
#include "tokenize/tokenizer.h"

struct WinnowTokenizer {
  winnow::Tokenizer tokenizer;
  std::vector<int32_t> ids = {};
  WinnowTokens tokens = {};
};

extern "C" {

WINNOW_EXPORT(winnow_load_tokenizer) WinnowTokenizer* winnow_load_tokenizer() {
  auto tokenizer = winnow::Tokenizer::Load(std::filesystem::path());
  return winnow::Finish(tokenizer) ? new WinnowTokenizer{*std::move(tokenizer)} : nullptr;
}
WINNOW_EXPORT(winnow_unload_tokenizer) void winnow_unload_tokenizer(WinnowTokenizer* tokenizer) { delete tokenizer; }

WINNOW_EXPORT(winnow_tokenize)
const WinnowTokens* winnow_tokenize(WinnowTokenizer* tokenizer, const char* text, size_t size, int32_t max_length) {
  tokenizer->ids.clear();
  tokenizer->tokenizer.Encode(std::string_view(text, size), max_length, tokenizer->ids);
  tokenizer->tokens = {static_cast<uint32_t>(tokenizer->ids.size()), tokenizer->ids.data()};
  return &tokenizer->tokens;
}

}  // extern "C"
