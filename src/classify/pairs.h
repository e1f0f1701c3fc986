/// Two texts that are read together, as cross-encoders for inference and ranking read them.
#pragma once

#include "bundle/model_config.h"
#include "tokenize/tokenizer.h"

namespace winnow {

/// Whether the second text's tokens have a type of their own. Tokenizers of RoBERTa's kind put two separators between
/// the texts and give all tokens type 0, whatever model they are used with; those of BERT's kind one, and type 1.
bool HasPairTypes(const Tokenizer& tokenizer, const ModelConfig& config);

}  // namespace winnow
