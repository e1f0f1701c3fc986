#include "tokenize/unigram_words.h"

#include <limits>

namespace winnow {

Result<std::unique_ptr<const WordModel>> UnigramWords::Make(UnigramParts parts, std::string_view where) {
  parts.normalization = {};
  parts.normalization.prefix = UnigramNormalization::Prefix::kNever;
  parts.normalization.spaces = UnigramNormalization::Spaces::kAll;
  parts.normalization.escape_spaces = false;
  return std::unique_ptr<const WordModel>(new UnigramWords(TRY(Unigram::Make(std::move(parts), where))));
}

void UnigramWords::Encode(std::string_view word, std::vector<WordToken>& tokens) const {
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  model_->Encode(word, 0, std::numeric_limits<size_t>::max(), ids, &spans);
  for (size_t i = 0; i < ids.size(); ++i) tokens.push_back({ids[i], spans[i].begin, spans[i].end});
}

}  // namespace winnow
