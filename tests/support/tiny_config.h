/// The shape of a model of a few thousand weights, of each family.
#pragma once

#include "bundle/model_config.h"

namespace winnow {

inline ModelConfig TinyConfig(Architecture architecture = Architecture::kBert) {
  ModelConfig config;
  config.architecture = architecture;
  config.vocab_size = 40;
  config.hidden_size = 24;
  config.num_layers = 3;
  config.num_heads = 4;
  config.intermediate_size = 40;
  config.max_positions = 32;
  config.type_vocab_size = architecture == Architecture::kDistilBert || architecture == Architecture::kDebertaV2 ? 0
                           : architecture == Architecture::kBert || architecture == Architecture::kElectra       ? 2
                                                                                                                 : 1;
  config.pad_token_id = architecture == Architecture::kRoberta || architecture == Architecture::kXlmRoberta ? 1 : 0;
  if (architecture == Architecture::kDebertaV2) {
    config.absolute_positions = false;
    config.relative_buckets = config.relative_span = 8;
    config.max_relative_distance = config.max_positions;
    config.share_position_weights = true;
  }
  config.initializer_range = 0.2f;
  config.labels = {"ham", "spam"};
  return config;
}

inline constexpr Architecture kEveryArchitecture[] = {Architecture::kBert,    Architecture::kDistilBert,
                                                      Architecture::kRoberta, Architecture::kXlmRoberta,
                                                      Architecture::kElectra, Architecture::kDebertaV2};

}  // namespace winnow
