/// Scaled dot-product attention (Vaswani et al. 2017) of one head over one text. Every text attends only to itself, so
/// packed texts need neither padding nor a mask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/round_up.h"
#include "kernels/dropout.h"

namespace winnow {

/// The layout of one head of one text. Rows are tokens, `stride` floats apart; a head is head_size adjacent floats.
struct AttentionShape {
  size_t queries;  ///< number of rows of q: all tokens, or only the first if the results of the others are not read
  size_t tokens;   ///< number of rows of k and v
  size_t head_size;
  size_t q_stride;     ///< row stride of q and its gradient
  size_t kv_stride;    ///< row stride of k, v and their gradients
  size_t out_stride;   ///< row stride of out and its gradient
  uint64_t first_row;  ///< number of the first row of probabilities, for dropout
  /// Bias that is added to q k^T, [queries, tokens] with rows BiasStride(tokens) floats apart; values beyond the tokens
  /// must be finite and have no effect. Null: no bias.
  const float* bias = nullptr;
  float scale = 0;  ///< factor of the scores, bias included; 0: 1 / sqrt(head_size)
};

/// Returns the number of floats from row to row of a bias.
constexpr size_t BiasStride(size_t tokens) { return RoundUp(tokens, 16); }

/// Memory that a thread reuses from call to call; grows as needed.
class AttentionScratch {
 public:
  /// Reserves enough memory for Attention over texts of up to `tokens` tokens.
  void Reserve(size_t head_size, size_t tokens) { Floats((head_size + kMostRows) * BiasStride(tokens)); }
  /// Reserves enough memory for RelativeScores, which has up to 2 tokens - 1 columns, and for its result.
  void ReserveRelative(size_t tokens) {
    Floats((tokens + 2 * kMostRows) * (2 * tokens + kMostLanes) + kMostLanes);
    BiasFloats(tokens * BiasStride(tokens));
  }
  float* Floats(size_t count) { return Room(buffer_, count); }
  /// Return memory for a bias and for its gradient, separate from that of Floats.
  float* BiasFloats(size_t count) { return Room(bias_, count); }
  float* BiasGradFloats(size_t count) { return Room(bias_grad_, count); }

 private:
  // The most rows and lanes that a kernel computes at a time, on any instruction set.
  static constexpr size_t kMostRows = 8, kMostLanes = 16;

  static float* Room(std::vector<float>& buffer, size_t count) {
    if (buffer.size() < count) buffer.resize(count);
    return buffer.data();
  }

  std::vector<float> buffer_, bias_, bias_grad_;
};

/// The queries, keys and values of one head of one text, as AttentionShape lays them out.
struct AttentionInput {
  const float* q;
  const float* k;
  const float* v;
};

/// The gradients of an AttentionInput, in the same layout. They are overwritten.
struct AttentionGrads {
  float* q;
  float* k;
  float* v;
  float* bias = nullptr;  ///< gradient of the bias, in its layout; null: not computed
};

/// Computes out = Dropout(softmax(scale (q k^T + bias))) v. log_sum [queries], unless null, receives the log of each
/// row's sum of exponentials, from which the backward pass computes the probabilities again instead of storing them (as
/// FlashAttention does, Dao et al. 2022).
void Attention(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout, float* out,
               float* log_sum, AttentionScratch& scratch);

/// Computes the gradients of `in`, and of the bias, from out_grad, the gradient of Attention's `out`, and the log_sum
/// that Attention wrote.
void AttentionBackward(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout,
                       const float* log_sum, const float* out_grad, const AttentionGrads& grads,
                       AttentionScratch& scratch);

}  // namespace winnow
