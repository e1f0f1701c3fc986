#include "encoder/batch.h"

#include <algorithm>
#include <string>

namespace winnow {

size_t LongestOf(const PackedTexts& texts) {
  size_t longest = 0;
  for (size_t t = 0; t < texts.texts(); ++t) longest = std::max(longest, texts.length(t));
  return longest;
}

Result<void> CheckBatch(const ModelConfig& config, const PackedTexts& texts) {
  for (size_t t = 0; t < texts.texts(); ++t) {
    const size_t length = texts.length(t);
    if (length == 0) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a text has no tokens: the tokenizer ignores all of its characters, and adds no special tokens",
                  "leave the text out, or use a tokenizer whose post-processor adds special tokens such as [CLS]");
    }
    if (length > static_cast<size_t>(MaxTokens(config))) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a text has " + std::to_string(length) + " tokens; this model accepts 1 to " +
                      std::to_string(MaxTokens(config)),
                  "lower --max-length");
    }
  }
  for (const int32_t id : texts.ids) {
    if (id < 0 || id >= config.vocab_size) {
      return Fail(ErrorCode::kInvalidModel,
                  "token id " + std::to_string(id) + " is outside the model's vocabulary of " +
                      std::to_string(config.vocab_size),
                  "the tokenizer files and config.json belong to different models");
    }
  }
  return {};
}

std::vector<size_t> CutByTokens(const PackedTexts& texts, int parts) {
  std::vector<size_t> cuts = {0};
  for (int part = 1; part < parts; ++part) {
    const size_t goal = texts.tokens() * static_cast<size_t>(part) / static_cast<size_t>(parts);
    // The text boundary next to the goal, on either side.
    size_t text = cuts.back();
    while (text < texts.texts() && texts.begin(text) + texts.length(text) / 2 < goal) ++text;
    cuts.push_back(text);
  }
  cuts.push_back(texts.texts());
  return cuts;
}

}  // namespace winnow
