/// Embeddings of texts, as sentence-transformers makes them: the mean of the encoder's output over all tokens, scaled
/// to length 1 (Reimers and Gurevych 2019, arXiv:1908.10084; modules Pooling and Normalize).
#pragma once

#include <cstdint>
#include <span>

namespace winnow {

/// Scales the values to Euclidean length 1; values that are all zero stay.
void Normalize(std::span<float> values);

/// Computes the embedding of a text from the means over the tokens of its windows, [windows, size], and the numbers of
/// tokens of the windows: their mean over all tokens, scaled to length 1.
void PoolEmbedding(std::span<const float> means, std::span<const int32_t> tokens, std::span<float> embedding);

}  // namespace winnow
