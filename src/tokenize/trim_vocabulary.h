/// A smaller vocabulary for a tokenizer: the pieces that texts use, so that the token embeddings take less room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Chooses at most `most` tokens of the WordPiece tokenizer in `dir`, and returns their ids, ascending. Special and
/// added tokens stay, and so do all pieces of one character, so that no word that was readable becomes [UNK]: a word
/// whose piece is missing is read in smaller ones. Then come the pieces that are used most, given by their ids in
/// `uses`, and then those with the smallest ids, which vocabularies of BERT's kind have in the order of their
/// frequency. Errors: kNotFound, kIo and kInvalidModel of reading the files; kUnsupported for tokenizers of other
/// kinds; kInvalidArgument if more than `most` tokens must stay.
Result<std::vector<int32_t>> ChooseVocabulary(const std::filesystem::path& dir, std::span<const int64_t> uses,
                                              size_t most);

/// Removes the tokens that are not among `kept` (ascending ids) from the tokenizer's files in `dir`, each atomically,
/// and numbers the others from 0 in their order. Errors: kIo and kInvalidModel of reading and writing; kUnsupported, by
/// name, for parts of tokenizer.json that are not known to have ids.
Result<void> TrimTokenizerFiles(const std::filesystem::path& dir, std::span<const int32_t> kept);

}  // namespace winnow
