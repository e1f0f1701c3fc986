/// Two texts that are read together, as cross-encoders for inference and ranking read them.
#pragma once

#include <string_view>

#include "bundle/model_config.h"
#include "classify/long_text.h"
#include "tokenize/tokenizer.h"

namespace winnow {

/// Whether the second text's tokens have a type of their own. Tokenizers of RoBERTa's kind put two separators between
/// the texts and give all tokens type 0, whatever model they are used with; those of BERT's kind one, and type 1.
bool HasPairTypes(const Tokenizer& tokenizer, const ModelConfig& config);

/// Appends a text, one window of at most `max_length` tokens. `pair`: two texts divided by kSegmentSeparator; of what
/// is too long the longer one is cut, as Text Embeddings Inference does. Thread-safe.
void TokenizePair(const Tokenizer& tokenizer, std::string_view pair, int max_length, bool pair_types,
                  TokenizedTexts& out);

}  // namespace winnow
