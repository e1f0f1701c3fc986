/// MPNet's relative positions (Song et al. 2020, arXiv:2004.09297; the buckets are T5's, Raffel et al. 2019): a number
/// for each head and bucket of distances, which every layer adds to its attention scores.
#pragma once

#include <cstddef>
#include <vector>

#include "bundle/model_config.h"
#include "kernels/attention.h"

namespace winnow {

/// The biases of all distances in texts of up to `longest` tokens.
class PositionBias {
 public:
  /// `table` is [config.bias_buckets, heads].
  void Compute(const ModelConfig& config, const float* table, size_t longest);

  /// Sets the bias of one head, as attention reads it, in the scratch's memory.
  void Apply(size_t head, AttentionShape& shape, AttentionScratch& scratch) const;

  /// Adds to the gradient of the table, [config.bias_buckets, heads], from that of one head's bias as
  /// AttentionBackward computes it.
  void Backward(size_t head, const AttentionShape& shape, const float* bias_grad, AttentionScratch& scratch,
                float* table_grad) const;

 private:
  size_t longest_ = 0;
  size_t heads_ = 0;
  float factor_ = 1;                // from the table to what attention adds before it scales the scores
  std::vector<int> bucket_;         // [2 longest - 1] of a distance, key's position minus query's
  std::vector<float> of_distance_;  // [heads, 2 longest - 1]
};

}  // namespace winnow
