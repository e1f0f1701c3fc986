/// A random model of a few thousand weights and a tokenizer to go with it, for tests that need a whole bundle.
#pragma once

#include <string>
#include <vector>

#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "encoder/model.h"

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

/// Token ids that look like a text: [CLS] is 1, [SEP] is 2.
inline std::vector<int32_t> TinyText(int length, int seed) {
  std::vector<int32_t> ids = {1};
  for (int i = 0; i < length; ++i) ids.push_back(5 + (i * 7 + seed * 11) % 35);
  ids.push_back(2);
  return ids;
}

/// All weights, to compare models by.
inline std::vector<float> AllWeights(const Model& model) {
  std::vector<float> all(model.words(), model.words() + model.layout().matrices);
  const float* rest = model.at(model.layout().matrices);
  all.insert(all.end(), rest, rest + (model.layout().total - model.layout().matrices));
  return all;
}

}  // namespace winnow
