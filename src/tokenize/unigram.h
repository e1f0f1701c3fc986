/// Unigram language-model tokenization (Kudo 2018), as SentencePiece's encoder does it: of all ways to cut a text into
/// pieces the one whose scores sum to the most.
#pragma once

#include <array>

#include "tokenize/piece_model.h"
#include "tokenize/piece_trie.h"
#include "tokenize/unigram_normalizer.h"

namespace winnow {

struct UnigramPiece {
  enum class Kind : uint8_t {
    kNormal,
    kUnknown,      ///< the single piece for runs of characters that no piece contains
    kControl,      ///< never found in a text: [CLS], <s>
    kUserDefined,  ///< always taken where a text has it
    kUnused,       ///< never found either
    kByte,         ///< "<0x41>", for byte fallback
  };
  std::string text;
  double score = 0;  ///< log-probability
  Kind kind = Kind::kNormal;
};

struct UnigramParts {
  std::vector<UnigramPiece> pieces;  ///< pieces by id
  UnigramNormalization normalization;
  bool byte_fallback = false;  ///< unknown characters become their bytes' pieces
};

class Unigram final : public PieceModel {
 public:
  /// Errors: kInvalidModel for pieces that repeat, are empty or not UTF-8, scores that are not numbers, more or less
  /// than one kUnknown, byte fallback without all 256 kByte.
  static Result<std::unique_ptr<PieceModel>> Make(UnigramParts parts, std::string_view where);

  /// Linear in the text's length; what a piece can span is kept in memory, and no more. With byte fallback each byte's
  /// token has the span of the whole character. A span leaves out the white space that a piece's "▁" stands for, unless
  /// the piece is nothing else.
  void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans) const override;
  size_t size() const override { return pieces_.size(); }
  std::string_view piece(int32_t id) const override { return pieces_[static_cast<size_t>(id)].text; }
  int32_t Find(std::string_view piece) const override;
  int32_t unknown_id() const override { return unknown_id_; }
  bool lowercase() const override;
  Files Describe() const override;

 private:
  class Walk;  // the state of encoding one text

  Unigram() = default;
  /// Returns the score of a piece of `length` bytes in a path. User-defined pieces always win, as in SentencePiece.
  double Score(int32_t id, size_t length) const {
    const UnigramPiece& piece = pieces_[static_cast<size_t>(id)];
    if (user_defined_ && piece.kind == UnigramPiece::Kind::kUserDefined)
      return static_cast<double>(length) * max_score_ - 0.1;
    return scores_[static_cast<size_t>(id)];
  }

  std::vector<UnigramPiece> pieces_;
  PieceTrie trie_;              // trie of the pieces that are searched for in texts; its strings belong to pieces_
  std::vector<int32_t> other_;  // ids of the others
  std::vector<double> scores_;  // scores by id
  bool user_defined_ = false;   // some piece is
  std::array<int32_t, 256> bytes_{};  // ids of the bytes' pieces
  bool byte_fallback_ = false;
  int32_t unknown_id_ = -1;
  double unknown_score_ = 0, max_score_ = 0;
  UnigramNormalizer normalizer_;
};

}  // namespace winnow
