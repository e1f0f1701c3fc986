#include "classify/embedding.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace winnow {

void Normalize(std::span<float> values) {
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  if (squares == 0) return;
  const double scale = 1 / std::sqrt(squares);
  for (float& value : values) value = static_cast<float>(static_cast<double>(value) * scale);
}

void PoolEmbedding(std::span<const float> means, std::span<const int32_t> tokens, std::span<float> embedding) {
  const size_t size = embedding.size();
  std::ranges::fill(embedding, 0.0F);
  for (size_t window = 0; window < tokens.size(); ++window) {
    const auto weight = static_cast<float>(tokens[window]);
    for (size_t i = 0; i < size; ++i) embedding[i] += weight * means[window * size + i];
  }
  Normalize(embedding);
}

}  // namespace winnow
