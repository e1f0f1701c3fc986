/// Training of a WordPiece vocabulary on texts, for models that are trained from scratch.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "tokenize/tokenizer.h"

namespace winnow {

struct WordPieceTrainerOptions {
  int vocab_size = 8000;    ///< maximum number of pieces, special tokens included
  int min_frequency = 2;    ///< smallest frequency of a pair that is merged
  int max_alphabet = 1000;  ///< maximum number of characters with a piece of their own, the most frequent ones
  bool lowercase = true;
};

/// Trains a vocabulary. [PAD], [UNK], [CLS], [SEP], [MASK] have ids 0 to 4; then follow the alphabet and the merges:
/// repeatedly, the most frequent pair of neighbouring pieces within words becomes a piece, as in Hugging Face's
/// WordPieceTrainer (byte-pair encoding's procedure, Sennrich et al. 2016, with "##" on pieces that continue a word).
/// Equal texts give equal vocabularies. Errors: kInvalidArgument if vocab_size has no room for the special tokens and
/// one character.
Result<Tokenizer> TrainWordPiece(std::span<const std::string> texts, const WordPieceTrainerOptions& options);

}  // namespace winnow
