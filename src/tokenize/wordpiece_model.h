/// WordPiece as in BERT's reference tokenizer (Devlin et al. 2018): BERT's normalization, then the longest piece first
/// in each word.
#pragma once

#include "text/bert_characters.h"
#include "tokenize/piece_model.h"
#include "tokenize/wordpiece_vocabulary.h"

namespace winnow {

class WordPieceModel final : public PieceModel {
 public:
  /// Creates a model; moves pieces, normalization and wordpiece out of `parts`. Errors: kInvalidModel.
  static Result<std::unique_ptr<PieceModel>> Make(TokenizerParts& parts, std::string_view where);

  /// Encodes a text. Allocates memory only for the growth of `ids`, unless spans are requested.
  void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans) const override;
  size_t size() const override { return vocabulary_.pieces().size(); }
  std::string_view piece(int32_t id) const override { return vocabulary_.piece(id); }
  int32_t Find(std::string_view piece) const override { return vocabulary_.Find(piece); }
  int32_t unknown_id() const override { return vocabulary_.unknown_id(); }
  bool lowercase() const override { return characters_.normalization().lowercase; }
  Files Describe() const override;

 private:
  class Encoding;  // the state of encoding one text

  WordPieceModel(const BertNormalization& normalization, WordPieceVocabulary vocabulary)
      : characters_(normalization), vocabulary_(std::move(vocabulary)) {}

  BertCharacters characters_;
  WordPieceVocabulary vocabulary_;
};

}  // namespace winnow
