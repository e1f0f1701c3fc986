#include "encoder/position_bias.h"

#include <algorithm>
#include <cmath>

#include "bundle/relative_row.h"
#include "kernels/vector_ops.h"

namespace winnow {

void PositionBias::Compute(const ModelConfig& config, const float* table, size_t longest) {
  heads_ = static_cast<size_t>(config.num_heads);
  const auto head_size = static_cast<float>(config.hidden_size / config.num_heads);
  factor_ = std::sqrt(head_size);
  const size_t width = 2 * longest - 1;
  if (longest != longest_) {
    longest_ = longest;
    bucket_.resize(width);
    const int last = static_cast<int>(longest) - 1;
    for (int d = -last; d <= last; ++d) bucket_[static_cast<size_t>(d + last)] = BiasBucket(d);
  }
  of_distance_.resize(heads_ * width);
  for (size_t head = 0; head < heads_; ++head) {
    for (size_t i = 0; i < width; ++i) {
      of_distance_[head * width + i] = factor_ * table[static_cast<size_t>(bucket_[i]) * heads_ + head];
    }
  }
}

void PositionBias::Apply(size_t head, AttentionShape& shape, AttentionScratch& scratch) const {
  const size_t stride = BiasStride(shape.tokens);
  float* bias = scratch.BiasFloats(shape.queries * stride);
  // Query i and key j are j - i apart: a row begins where its query's distance to the first token stands.
  const float* of_distance = of_distance_.data() + head * (2 * longest_ - 1) + (longest_ - 1);
  for (size_t i = 0; i < shape.queries; ++i) {
    float* row = bias + i * stride;
    std::copy_n(of_distance - i, shape.tokens, row);
    std::fill(row + shape.tokens, row + stride, 0.0f);
  }
  shape.bias = bias;
}

void PositionBias::Backward(size_t head, const AttentionShape& shape, const float* bias_grad, AttentionScratch& scratch,
                            float* table_grad) const {
  const size_t width = shape.queries + shape.tokens - 1;
  float* sums = scratch.Floats(width);
  std::fill_n(sums, width, 0.0f);
  for (size_t i = 0; i < shape.queries; ++i) {
    AddTo(shape.tokens, bias_grad + i * BiasStride(shape.tokens), sums + (shape.queries - 1 - i));
  }
  const int* bucket = bucket_.data() + (longest_ - shape.queries);
  for (size_t i = 0; i < width; ++i) table_grad[static_cast<size_t>(bucket[i]) * heads_ + head] += factor_ * sums[i];
}

}  // namespace winnow
