/// GPT-2's byte-level byte-pair encoding (Radford et al. 2019; Sennrich et al. 2016), as RoBERTa has it: a text is cut
/// into words by a pattern, a word's bytes are pieces, and pairs of neighbours merge in the order of a list.
#pragma once

#include <array>
#include <bitset>

#include "tokenize/bpe_merges.h"
#include "tokenize/piece_model.h"

namespace winnow {

struct ByteLevelBpeParts {
  std::vector<std::string> pieces;  ///< pieces by id, their bytes as GPT-2 writes them: " a" is "Ġa"
  /// Merges in the order of their priority, the highest first.
  std::vector<std::pair<std::string, std::string>> merges;
  std::string unknown;            ///< piece for bytes that no piece contains; empty: such bytes are dropped
  bool add_prefix_space = false;  ///< true if a text that does not begin with a space gets one
  bool trim_offsets = true;       ///< true if spans exclude white space at their ends
};

class ByteLevelBpe final : public PieceModel {
 public:
  /// Creates a tokenizer. Errors: kInvalidModel for a merge whose pieces or result do not exist, and for repeated
  /// pieces.
  static Result<std::unique_ptr<PieceModel>> Make(ByteLevelBpeParts parts, std::string_view where);

  /// Encodes a text. Takes n log n in the length of a word, or of its part that pieces can cover. Allocates memory only
  /// for the growth of `ids`, for words of more than 64 bytes, and for a copy of the text with add_prefix_space. A span
  /// may divide a character, since pieces may.
  void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans) const override;
  size_t size() const override { return pieces_.size(); }
  std::string_view piece(int32_t id) const override { return pieces_[static_cast<size_t>(id)]; }
  int32_t Find(std::string_view piece) const override;
  int32_t unknown_id() const override { return unknown_id_; }
  Files Describe() const override;

 private:
  class Encoding;  // the state of encoding one text

  ByteLevelBpe() = default;
  size_t PlaceOf(std::string_view piece) const;
  void FindNeighbours();

  std::vector<std::string> pieces_;
  std::vector<int32_t> places_;  // open-addressed by a hash of the piece
  BpeMerges merges_;
  std::array<int32_t, 256> bytes_{};
  std::bitset<1 << 16> neighbours_;  // first byte << 8 | second: some piece has the two side by side
  int32_t unknown_id_ = -1;
  bool add_prefix_space_ = false, trim_offsets_ = true;
};

/// Returns the number of bytes of the word that begins at `begin`, as GPT-2's pattern divides words:
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ . Linear in the result. Requires begin <
/// text.size().
size_t ByteLevelWord(std::string_view text, size_t begin);

}  // namespace winnow
