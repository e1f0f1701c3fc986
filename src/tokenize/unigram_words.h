/// Unigram for words that a pre-tokenizer gives.
#pragma once

#include <memory>

#include "tokenize/unigram.h"
#include "tokenize/word_model.h"

namespace winnow {

class UnigramWords final : public WordModel {
 public:
  /// Creates a model; the normalization of `parts` is not used. Errors: those of Unigram::Make.
  static Result<std::unique_ptr<const WordModel>> Make(UnigramParts parts, std::string_view where);

  void Encode(std::string_view word, std::vector<WordToken>& tokens) const override {
    model_->EncodeWord(word, tokens);
  }
  size_t size() const override { return model_->size(); }
  std::string_view piece(int32_t id) const override { return model_->piece(id); }
  int32_t Find(std::string_view piece) const override { return model_->Find(piece); }
  int32_t unknown_id() const override { return model_->unknown_id(); }
  Json Describe() const override { return model_->Describe().tokenizer["model"]; }

 private:
  explicit UnigramWords(std::unique_ptr<const Unigram> model) : model_(std::move(model)) {}

  std::unique_ptr<const Unigram> model_;
};

}  // namespace winnow
