#include "tokenize/unigram_words.h"

namespace winnow {

Result<std::unique_ptr<const WordModel>> UnigramWords::Make(UnigramParts parts, std::string_view where) {
  parts.normalization = {};
  return std::unique_ptr<const WordModel>(new UnigramWords(TRY(Unigram::Make(std::move(parts), where))));
}

}  // namespace winnow
