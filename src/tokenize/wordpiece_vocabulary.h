/// A WordPiece vocabulary: pieces that begin a word, and pieces that continue one ("##ing").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokenize/word_model.h"

namespace winnow {

class WordPieceVocabulary {
 public:
  struct Options {
    std::string unknown = "[UNK]";
    std::string continuation = "##";
    int max_word_chars = 100;  ///< number of characters above which a word becomes [UNK]
  };

  WordPieceVocabulary() = default;

  /// Creates a vocabulary of `pieces` by id; ids without a piece are empty strings. Errors: kInvalidModel if a piece is
  /// repeated or [UNK] is missing.
  static Result<WordPieceVocabulary> Make(std::vector<std::string> pieces, const Options& options,
                                          std::string_view where);

  /// Appends the ids of one normalized word of `chars` code points: the longest piece first, then the longest piece
  /// that continues the word, and so on; one [UNK] if that fails or the word is too long (Wu et al. 2016; Devlin et al.
  /// 2018). Linear in the word's length. Thread-safe; allocates memory only for the growth of `ids`.
  void Encode(std::string_view word, int chars, std::vector<int32_t>& ids) const;

  /// Appends the tokens of a word, otherwise as above.
  void Encode(std::string_view word, int chars, std::vector<WordToken>& tokens) const;

  /// Returns the id of a piece, or -1 if there is no such piece.
  int32_t Find(std::string_view piece) const;
  std::string_view piece(int32_t id) const { return pieces_[static_cast<size_t>(id)]; }
  std::span<const std::string> pieces() const { return pieces_; }
  int32_t unknown_id() const { return unknown_id_; }
  const Options& options() const { return options_; }

 private:
  /// One step of a trie: from a node by a byte. All steps are in one open-addressed table.
  struct Step {
    uint32_t from = 0;  ///< node << 8 | byte, plus 1; 0 is an empty place
    uint32_t to = 0;    ///< node that the step leads to
  };
  static constexpr uint32_t kWordRoot = 0, kContinuationRoot = 1;

  void Insert(uint32_t root, std::string_view text, int32_t id);
  uint32_t Next(uint32_t node, unsigned char byte) const;
  template <class Piece>
  bool Split(std::string_view word, const Piece& piece) const;
  const int32_t* FindWord(std::string_view word, uint64_t hash) const;
  void GrowSteps();

  Options options_;
  std::vector<std::string> pieces_;
  int32_t unknown_id_ = -1;
  std::vector<Step> steps_;  // size a power of two
  size_t step_count_ = 0;
  std::vector<int32_t> id_of_node_;  // -1: no piece ends here
  std::vector<int32_t> words_;       // open-addressed by hash: whole pieces that begin a word, most words' only lookup
};

}  // namespace winnow
