#include "tokenize/unigram_words.h"

namespace winnow {

Result<std::unique_ptr<const WordModel>> UnigramWords::Make(UnigramParts parts, std::string_view where) {
  parts.normalization = {};
  auto model = TRY(Unigram::Make(std::move(parts), where));  // before "new", whose memory an error would leak
  return std::unique_ptr<const WordModel>(new UnigramWords(std::move(model)));
}

}  // namespace winnow
