/// Byte-pair encoding of words by characters (Sennrich et al. 2016), with all options of tokenizer.json's model "BPE".
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenize/bpe_merges.h"
#include "tokenize/word_model.h"

namespace winnow {

struct BpeParts {
  std::vector<std::string> pieces;  ///< pieces by id
  /// Merges in the order of their priority, the highest first.
  std::vector<std::pair<std::string, std::string>> merges;
  std::string unknown;            ///< piece for characters that no piece contains; empty: such characters are dropped
  std::string continuing_prefix;  ///< stands before every character of a word but the first
  std::string word_suffix;        ///< stands after the last character of a word
  bool fuse_unknown = false;      ///< true if unknown characters side by side are one token
  bool byte_fallback = false;     ///< true if unknown characters become the pieces of their bytes, "<0xC3>"
  bool ignore_merges = false;     ///< true if a word that is a piece is that piece, whatever the merges give
};

class BpeWords final : public WordModel {
 public:
  /// Creates a model. Errors: kInvalidModel for a merge whose pieces or result do not exist, for repeated pieces, and
  /// for an unknown token that is not a piece.
  static Result<std::unique_ptr<const WordModel>> Make(BpeParts parts, std::string_view where);

  /// Encodes a word in n log n of its length.
  void Encode(std::string_view word, std::vector<WordToken>& tokens) const override;
  size_t size() const override { return parts_.pieces.size(); }
  std::string_view piece(int32_t id) const override { return parts_.pieces[static_cast<size_t>(id)]; }
  int32_t Find(std::string_view piece) const override;
  int32_t unknown_id() const override { return unknown_id_; }
  Json Describe() const override;

 private:
  class Word;  // the state of encoding one word

  BpeWords() = default;
  Result<void> AddMerges(std::string_view where);
  int32_t IdOf(char32_t character, std::string_view bytes) const;

  BpeParts parts_;
  std::unordered_map<std::string_view, int32_t> ids_;  // of parts_.pieces
  std::vector<int32_t> letters_;                       // ids of the pieces of one character, for the first ones
  BpeMerges merges_;
  std::array<int32_t, 256> bytes_{};  // ids of the bytes' pieces, -1 if there is none
  int32_t unknown_id_ = -1;
};

}  // namespace winnow
