/// The model inside a tokenizer, which turns a text without special tokens into pieces. There is one implementation for
/// each kind (WordPiece, Unigram, byte-level BPE); Tokenizer puts special tokens around it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "tokenize/mapped_text.h"
#include "tokenize/tokenizer.h"

namespace winnow {

/// A model of pieces. Thread-safe when const.
class PieceModel {
 public:
  virtual ~PieceModel() = default;

  /// Appends the ids of `text`, and stops soon after `ids` holds `limit` of them: the first `limit` are those of the
  /// whole text. `text` is UTF-8; invalid bytes count as U+FFFD. `spans`, where not null, gets one entry for each id,
  /// in bytes of `text` plus `base`.
  virtual void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
                      std::vector<TokenSpan>* spans) const = 0;

  /// Returns the normal form of a text, if EncodeNormalized can go on from it: added tokens may be searched for there.
  /// If `tracked` is false, it need not have sources, and EncodeNormalized cannot give spans.
  virtual std::optional<MappedText> Normalize(std::string_view /*text*/, bool /*tracked*/) const {
    return std::nullopt;
  }
  /// Appends the ids of a text, or of a part of one, that Normalize returned; otherwise as Encode.
  virtual void EncodeNormalized(MappedText text, size_t base, size_t limit, std::vector<int32_t>& ids,
                                std::vector<TokenSpan>* spans) const {
    Encode(text.text, base, limit, ids, spans);
  }

  /// Returns true if the tokens of a word do not depend on text beyond the white space around it, but Encode reads all
  /// of a text: a long one may be cut between words.
  virtual bool reads_words() const { return false; }

  /// Returns the number of ids, which is the largest id plus one.
  virtual size_t size() const = 0;
  /// Returns the piece of `id`, which must be below size(); empty if no piece has that id.
  virtual std::string_view piece(int32_t id) const = 0;
  /// Returns the id of a piece, or -1 if there is no such piece.
  virtual int32_t Find(std::string_view piece) const = 0;
  virtual int32_t unknown_id() const = 0;
  virtual bool lowercase() const { return false; }

  /// The parts of this model in the files that Tokenizer::Save writes.
  struct Files {
    Json tokenizer;  ///< tokenizer.json's normalizer, pre_tokenizer, decoder and model
    Json config;     ///< tokenizer_config.json's tokenizer_class and options
    std::vector<std::pair<std::string, std::string>> others;  ///< names and contents of further files
  };
  virtual Files Describe() const = 0;
};

}  // namespace winnow
