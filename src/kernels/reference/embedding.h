/// The plain form of kernels/embedding.h: one element after the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow::reference {

/// Computes out[t, :] = words[ids[t], :] * scales[ids[t]] + positions[t, :] + segment for words of floats or bytes.
/// Null scales are ones, null positions and a null segment zeros.
template <class Word>
void EmbedText(size_t tokens, size_t n, const int32_t* ids, const Word* words, const float* scales,
               const float* positions, const float* segment, float* out) {
  for (size_t t = 0; t < tokens; ++t) {
    const auto id = static_cast<size_t>(ids[t]);
    for (size_t i = 0; i < n; ++i) {
      float sum = static_cast<float>(words[id * n + i]) * (scales == nullptr ? 1.0f : scales[id]);
      sum += positions == nullptr ? 0.0f : positions[t * n + i];
      sum += segment == nullptr ? 0.0f : segment[i];
      out[t * n + i] = sum;
    }
  }
}

}  // namespace winnow::reference
