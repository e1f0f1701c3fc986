/// Token, position and segment embeddings: gathered and summed, and the gradients scattered back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// Computes out[t, :] = words[ids[t], :] + positions[t - begin of its text, :] + segment for one text of `tokens` rows
/// of n floats each; `positions` and `segment` [n] may be null.
void EmbedText(size_t tokens, size_t n, const int32_t* ids, const float* words, const float* positions,
               const float* segment, float* out);

/// Computes the sum of embeddings with INT8 words: out[t, :] = words[ids[t], :] * scales[ids[t]] + positions[t - begin
/// of its text, :]; `positions` may be null.
void EmbedTextOfBytes(size_t tokens, size_t n, const int32_t* ids, const int8_t* words, const float* scales,
                      const float* positions, float* out);

/// Computes to += from for n floats.
void AddTo(size_t n, const float* from, float* to);

}  // namespace winnow
