/// WordPiece for words that a pre-tokenizer gives.
#pragma once

#include <memory>

#include "tokenize/word_model.h"
#include "tokenize/wordpiece_vocabulary.h"

namespace winnow {

class WordPieceWords final : public WordModel {
 public:
  explicit WordPieceWords(WordPieceVocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  void Encode(std::string_view word, std::vector<WordToken>& tokens) const override;
  size_t size() const override { return vocabulary_.pieces().size(); }
  std::string_view piece(int32_t id) const override { return vocabulary_.piece(id); }
  int32_t Find(std::string_view piece) const override { return vocabulary_.Find(piece); }
  int32_t unknown_id() const override { return vocabulary_.unknown_id(); }
  Json Describe() const override;

 private:
  WordPieceVocabulary vocabulary_;
};

/// Returns tokenizer.json's "model" of a vocabulary.
Json DescribeWordPiece(const WordPieceVocabulary& vocabulary);

}  // namespace winnow
