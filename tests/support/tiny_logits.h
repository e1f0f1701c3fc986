/// What a tiny model says to three short texts, to compare models by.
#pragma once

#include <vector>

#include "encoder/forward.h"
#include "support/tiny_model.h"

namespace winnow {

inline std::vector<float> TinyLogits(const Model& model) {
  ThreadPool pool(1);
  ForwardRunner runner(model, pool);
  PackedBatch batch;
  for (int t = 0; t < 3; ++t) batch.Append(TinyText(4 + 3 * t, t));
  const auto logits = runner.Logits(batch.view());
  return {logits.begin(), logits.end()};
}

}  // namespace winnow
