#include "classify/pairs.h"

namespace winnow {

bool HasPairTypes(const Tokenizer& tokenizer, const ModelConfig& config) {
  constexpr int kRoom = 16;
  std::vector<int32_t> ids;
  const size_t before_second = tokenizer.EncodePair("", "", kRoom, PairCut::kFirst, ids);
  return config.type_vocab_size > 1 && before_second <= 2;  // [CLS] [SEP]
}

}  // namespace winnow
