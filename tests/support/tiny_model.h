/// Texts for tiny models (support/tiny_config.h), and their weights to compare them by.
#pragma once

#include <string>
#include <vector>

#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "encoder/model.h"
#include "support/tiny_config.h"

namespace winnow {

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
