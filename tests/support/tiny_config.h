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
  config.type_vocab_size = 2;
  if (architecture == Architecture::kDistilBert || architecture == Architecture::kDebertaV2 ||
      architecture == Architecture::kMpNet) {
    config.type_vocab_size = 0;
  }
  if (architecture == Architecture::kRoberta || architecture == Architecture::kXlmRoberta) config.type_vocab_size = 1;
  if (architecture == Architecture::kDebertaV2) {
    config.absolute_positions = false;
    config.relative_buckets = config.relative_span = 8;
    config.max_relative_distance = config.max_positions;
    config.share_position_weights = true;
  }
  if (architecture == Architecture::kElectra || architecture == Architecture::kAlbert) config.embedding_size = 16;
  if (architecture == Architecture::kModernBert) {
    config.absolute_positions = false;
    config.type_vocab_size = 0;
    config.local_layers = {false, true, true};
    config.local_distance = 4;
  }
  if (architecture == Architecture::kMpNet) config.bias_buckets = 32;
  if (architecture == Architecture::kAlbert) config.num_layer_groups = 2;
  config.initializer_range = 0.2f;
  config.labels = {"ham", "spam"};
  return config;
}

inline constexpr Architecture kEveryArchitecture[] = {
    Architecture::kBert,       Architecture::kDistilBert, Architecture::kRoberta,
    Architecture::kXlmRoberta, Architecture::kElectra,    Architecture::kDebertaV2,
    Architecture::kAlbert,     Architecture::kMpNet,      Architecture::kModernBert};

/// What relative positions of DeBERTa depend on: 0 buckets stand for linear distances.
inline ModelConfig DebertaDistances(int buckets, int max_distance) {
  ModelConfig config;
  config.architecture = Architecture::kDebertaV2;
  config.relative_buckets = buckets;
  config.relative_span = buckets > 0 ? buckets : max_distance;
  config.max_relative_distance = max_distance;
  return config;
}

}  // namespace winnow
