/// The position of each head of each text in a layer's activations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "bundle/model_config.h"
#include "encoder/activations.h"
#include "encoder/batch.h"
#include "encoder/relative_positions.h"
#include "kernels/attention.h"
#include "kernels/relative_attention.h"

namespace winnow {

struct HeadPlace {
  AttentionShape shape;
  /// First row of the text in matrices with a row per query: its first token or, in the last layer, the index of the
  /// text.
  size_t query_row;
  size_t token_row;  ///< first row of the text in matrices with a row per token
  size_t column;     ///< first column of the head within a row of hidden_size
};

/// Calls visit(place) for all heads of texts first_text ... last_text - 1. In the last layer only the first token of a
/// text is a query.
template <class Visit>
void ForEachHead(const ModelConfig& config, const LayerActivations& layer, bool firsts_only, const PackedTexts& texts,
                 size_t first_text, size_t last_text, const Visit& visit) {
  const auto heads = static_cast<size_t>(config.num_heads);
  const auto hidden = static_cast<size_t>(config.hidden_size);
  for (size_t t = first_text; t < last_text; ++t) {
    HeadPlace place{.shape = {.queries = firsts_only ? 1 : texts.length(t),
                              .tokens = texts.length(t),
                              .head_size = hidden / heads,
                              .q_stride = layer.query_stride,
                              .kv_stride = layer.key_stride,
                              .out_stride = hidden,
                              .first_row = 0},
                    .query_row = firsts_only ? t : texts.begin(t),
                    .token_row = texts.begin(t),
                    .column = 0};
    for (size_t head = 0; head < heads; ++head) {
      place.column = head * place.shape.head_size;
      place.shape.first_row = place.query_row * heads + head * place.shape.queries;
      visit(static_cast<const HeadPlace&>(place));
    }
  }
}

/// Writes the scores of relative positions to the scratch's bias, which becomes the bias of `shape`. `query` and `key`
/// are those of the head.
inline void AddRelativeScores(const RelativePlaces& places, const RelativeHead& head, const float* query,
                              const float* key, AttentionShape& shape, AttentionScratch& scratch) {
  float* bias = scratch.BiasFloats(shape.queries * BiasStride(shape.tokens));
  RelativeScores(shape, places, head, query, key, bias, scratch);
  shape.bias = bias;
  shape.scale = 1.0f / std::sqrt(3.0f * static_cast<float>(shape.head_size));  // three kinds of scores are added
}

/// Keeps queries from keys that are more than `distance` tokens away, by a bias of `shape` in the scratch's memory:
/// their probabilities vanish. Nothing to do for texts that are not longer. The mask is the same for all heads of a
/// text: it is written unless `written`, when the scratch has it from the head before.
inline void ApplyLocalMask(size_t distance, bool written, AttentionShape& shape, AttentionScratch& scratch) {
  if (shape.tokens <= distance + 1) return;
  constexpr float kHidden = -1e9f;  // finite, so that no sum is NaN; its exponential is 0
  const size_t stride = BiasStride(shape.tokens);
  float* bias = scratch.BiasFloats(shape.queries * stride);
  shape.bias = bias;
  if (written) return;
  for (size_t i = 0; i < shape.queries; ++i) {
    float* row = bias + i * stride;
    std::fill(row, row + shape.tokens, kHidden);
    const size_t first = i > distance ? i - distance : 0;
    std::fill(row + first, row + std::min(shape.tokens, i + distance + 1), 0.0f);
    std::fill(row + shape.tokens, row + stride, 0.0f);
  }
}

/// Returns the shape of a head of layer `l` with the bias of its scores, if it has one, in the scratch's memory: the
/// scores of relative positions, the biases by distance, or the mask of a local layer. Heads of a text must come one
/// after the other, from the first on.
inline AttentionShape ShapeWithBias(const ModelConfig& config, const Activations& activations, size_t l,
                                    const HeadPlace& at, AttentionScratch& scratch) {
  AttentionShape shape = at.shape;
  if (config.relative_span > 0) {
    const LayerActivations& layer = activations.layers[l];
    const float* query = layer.query + at.query_row * layer.query_stride + at.column;
    const float* key = layer.key + at.token_row * layer.key_stride + at.column;
    const RelativePositions& relative = activations.relative;
    AddRelativeScores(relative.places(), relative.Head(l, at.column), query, key, shape, scratch);
  }
  const size_t head = at.column / shape.head_size;
  if (config.bias_buckets > 0) activations.position_bias.Apply(head, shape, scratch);
  if (IsLocalLayer(config, l)) {
    ApplyLocalMask(static_cast<size_t>(config.local_distance), /*written=*/head > 0, shape, scratch);
  }
  return shape;
}

}  // namespace winnow
