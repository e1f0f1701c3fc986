#include "tokenize/pipeline.h"

#include "tokenize/tokenizer_json.h"

namespace winnow {

Result<std::unique_ptr<PieceModel>> Pipeline::Make(const Json& json, std::unique_ptr<const WordModel> model,
                                                   const std::string& where) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline);
  pipeline->normalizer_ = TRY(Normalizer::Read(Member(json, "normalizer"), where));
  pipeline->pre_tokenizer_ = TRY(PreTokenizer::Read(Member(json, "pre_tokenizer"), where));
  pipeline->model_ = std::move(model);
  for (const char* part : {"normalizer", "pre_tokenizer", "decoder"}) pipeline->description_[part] = Member(json, part);
  return pipeline;
}

void Pipeline::Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
                      std::vector<TokenSpan>* spans) const {
  if (ids.size() < limit) EncodeNormalized(*Normalize(text, spans != nullptr), base, limit, ids, spans);
}

void Pipeline::EncodeNormalized(MappedText text, size_t base, size_t limit, std::vector<int32_t>& ids,
                                std::vector<TokenSpan>* spans) const {
  const SplitText split = pre_tokenizer_.Apply(std::move(text), base);
  std::vector<WordToken> tokens;
  for (const PatternMatch& piece : split.pieces) {
    if (ids.size() >= limit) return;
    tokens.clear();
    model_->Encode(std::string_view(split.mapped.text).substr(piece.begin, piece.end - piece.begin), tokens);
    for (const WordToken& token : tokens) {
      ids.push_back(token.id);
      if (spans == nullptr) continue;
      const TokenSpan source = split.mapped.SourceOf(piece.begin + token.begin, piece.begin + token.end);
      spans->push_back({static_cast<uint32_t>(base + source.begin), static_cast<uint32_t>(base + source.end)});
    }
  }
}

PieceModel::Files Pipeline::Describe() const {
  Files files;
  files.tokenizer = description_;
  files.tokenizer["model"] = model_->Describe();
  files.config = {{"tokenizer_class", "PreTrainedTokenizerFast"}};
  return files;
}

}  // namespace winnow
