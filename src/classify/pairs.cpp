#include "classify/pairs.h"

#include "text/segments.h"

namespace winnow {

bool HasPairTypes(const Tokenizer& tokenizer, const ModelConfig& config) {
  constexpr int kRoom = 16;
  std::vector<int32_t> ids;
  const size_t before_second = tokenizer.EncodePair("", "", kRoom, PairCut::kFirst, ids);
  return config.type_vocab_size > 1 && before_second <= 2;  // [CLS] [SEP]
}

void TokenizePair(const Tokenizer& tokenizer, std::string_view pair, int max_length, bool pair_types,
                  TokenizedTexts& out) {
  const size_t division = pair.find(kSegmentSeparator);
  const size_t second_begin = tokenizer.EncodePair(pair.substr(0, division), pair.substr(division + 1), max_length,
                                                   PairCut::kLonger, out.windows.ids);
  if (pair_types) {
    out.windows.EndPair(second_begin);
  } else {
    out.windows.EndText();
  }
  out.begins.push_back(static_cast<int32_t>(out.windows.texts()));
}

}  // namespace winnow
