/// Unigram language-model tokenization (Kudo 2018), as in SentencePiece's encoder: of all ways to divide a text into
/// pieces it chooses the one with the highest sum of scores.
#pragma once

#include <array>
#include <span>

#include "tokenize/piece_model.h"
#include "tokenize/piece_trie.h"
#include "tokenize/unigram_normalizer.h"
#include "tokenize/word_model.h"

namespace winnow {

struct UnigramPiece {
  enum class Kind : uint8_t {
    kNormal,
    kUnknown,      ///< the single piece for runs of characters that no piece contains
    kControl,      ///< piece that is never found in a text: [CLS], <s>
    kUserDefined,  ///< piece that is always used where it occurs in a text
    kUnused,       ///< piece that is never found in a text and not used
    kByte,         ///< piece for byte fallback: "<0x41>"
  };
  std::string text;
  double score = 0;  ///< log-probability of the piece
  Kind kind = Kind::kNormal;
};

struct UnigramParts {
  std::vector<UnigramPiece> pieces;  ///< pieces by id
  UnigramNormalization normalization;
  bool byte_fallback = false;  ///< true if unknown characters become the pieces of their bytes
  bool finds_unknown = false;  ///< true if the unknown piece is also found in texts, as an ordinary one
};

class Unigram final : public PieceModel {
 public:
  /// Creates a tokenizer. Errors: kInvalidModel for pieces that are repeated, empty or not UTF-8, scores that are not
  /// numbers, more or less than one kUnknown, byte fallback without all 256 kByte.
  static Result<std::unique_ptr<Unigram>> Make(UnigramParts parts, std::string_view where);

  /// Encodes a text in linear time; memory contains only the part of the text that a piece can span. With byte fallback
  /// each byte's token has the span of the whole character. A span excludes the white space that a piece's "▁" stands
  /// for, unless the piece consists of nothing else.
  void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans) const override;
  /// Appends the tokens of a word as it is written, without normalization; otherwise as Encode. `word` is valid UTF-8.
  /// Allocates memory only for the growth of `tokens`, and for words of more than 64 bytes.
  void EncodeWord(std::string_view word, std::vector<WordToken>& tokens) const;
  size_t size() const override { return pieces_.size(); }
  std::string_view piece(int32_t id) const override { return pieces_[static_cast<size_t>(id)].text; }
  int32_t Find(std::string_view piece) const override;
  int32_t unknown_id() const override { return unknown_id_; }
  bool lowercase() const override;
  Files Describe() const override;

 private:
  class Walk;  // the state of encoding one text
  static constexpr uint32_t kUnreached = UINT32_MAX;
  /// A place between two bytes of a text.
  struct Place {
    double score = 0;  // of the best path to here
    int32_t id = -1;   // its last piece
    uint32_t begin = kUnreached;
  };

  Unigram() = default;
  size_t Step(std::string_view text, size_t at, std::span<Place> best) const;
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
