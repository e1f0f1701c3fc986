/// A tokenizer as tokenizer.json describes it, step by step: a normalizer, a pre-tokenizer, and a model for each piece.
/// The kinds that most models have are done faster by models of their own (WordPieceModel, ByteLevelBpe), which give
/// the same ids; this one does all others.
#pragma once

#include <memory>

#include "tokenize/normalizer.h"
#include "tokenize/piece_model.h"
#include "tokenize/pre_tokenizer.h"
#include "tokenize/word_model.h"

namespace winnow {

class Pipeline final : public PieceModel {
 public:
  /// Creates a tokenizer. `json` is the tokenizer.json: its "normalizer", "pre_tokenizer" and "decoder" are read here.
  /// Errors: those of Normalizer::Read and PreTokenizer::Read.
  static Result<std::unique_ptr<PieceModel>> Make(const Json& json, std::unique_ptr<const WordModel> model,
                                                  const std::string& where);

  /// Encodes a text. The normalizer and the pre-tokenizer read all of it, in linear time and memory, whatever the
  /// limit. Where reads_words() is true the caller may encode the begin of a text alone.
  void Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans) const override;
  std::optional<MappedText> Normalize(std::string_view text, bool tracked) const override {
    return normalizer_.Apply(text, tracked || pre_tokenizer_.needs_sources());
  }
  void EncodeNormalized(MappedText text, size_t base, size_t limit, std::vector<int32_t>& ids,
                        std::vector<TokenSpan>* spans) const override;
  bool reads_words() const override { return normalizer_.local() && pre_tokenizer_.reads_words(); }
  size_t size() const override { return model_->size(); }
  std::string_view piece(int32_t id) const override { return model_->piece(id); }
  int32_t Find(std::string_view piece) const override { return model_->Find(piece); }
  int32_t unknown_id() const override { return model_->unknown_id(); }
  bool lowercase() const override { return normalizer_.lowercase(); }
  Files Describe() const override;

 private:
  Pipeline() = default;

  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<const WordModel> model_;
  Json description_;  // tokenizer.json's normalizer, pre_tokenizer and decoder
};

}  // namespace winnow
