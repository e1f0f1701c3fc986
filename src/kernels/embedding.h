/// The sum of token, position and segment embeddings of one text, whose token t has the id ids[t] and position t.
/// Tables are row-major, with rows of n floats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// Computes out[t, :] = words[ids[t], :] + positions[t, :] + segment for out [tokens, n]. `positions` and `segment` [n]
/// may be null (nothing is added).
void EmbedText(size_t tokens, size_t n, const int32_t* ids, const float* words, const float* positions,
               const float* segment, float* out);

/// Computes out[t, :] = words[ids[t], :] * scales[ids[t]] + positions[t, :] for INT8 words, with a scale for each of
/// their rows. `positions` may be null.
void EmbedTextOfBytes(size_t tokens, size_t n, const int32_t* ids, const int8_t* words, const float* scales,
                      const float* positions, float* out);

}  // namespace winnow
