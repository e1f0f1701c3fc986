/// Two texts that are read together, as cross-encoders for inference and ranking read them.
#pragma once

#include "bundle/model_config.h"
#include "tokenize/tokenizer.h"

namespace winnow {

/// Returns true if the tokens of the second text have a token type of their own. Tokenizers of RoBERTa's kind put two
/// separators between the texts and give all tokens type 0, whatever model they are used with; those of BERT's kind put
/// one separator and give the second text type 1.
bool HasPairTypes(const Tokenizer& tokenizer, const ModelConfig& config);

}  // namespace winnow
