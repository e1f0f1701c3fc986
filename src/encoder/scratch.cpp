#include "encoder/scratch.h"

#include <algorithm>

namespace winnow {

ModelConfig ScratchConfig(int vocab_size, int max_length) {
  ModelConfig config;
  config.architecture = Architecture::kBert;
  config.vocab_size = vocab_size;
  config.hidden_size = 128;
  config.num_layers = 2;
  config.num_heads = 4;
  config.intermediate_size = 512;
  config.max_positions = std::max(max_length, 16);
  config.type_vocab_size = 1;
  return config;
}

}  // namespace winnow
