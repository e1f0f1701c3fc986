// ModernBERT's layers (Warner et al. 2024), which normalize their inputs. The forward, of the input x, in the names of
// LayerActivations and without dropout:
//   normed = LayerNorm(x), in the first layer x;  qkv = normed Wqkv^T, q and k turned by their positions
//   context = softmax(q k^T / sqrt(head)) v, each head by itself;  middle = x + context Wout^T
//   attended = LayerNorm(middle);  [a g] = up = attended Wup^T;  activated = f(a) g
//   output = middle + activated Wdown^T, in the last layer LayerNorm of that
#include <algorithm>

#include "encoder/activation_functions.h"
#include "encoder/backward.h"
#include "kernels/activation.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {

void TrainingPass::FeaturesBackward(const Share& share) {
  for (size_t t = share.first_text; t < share.last_text; ++t) {
    const float* d_mean = d_first_tokens_ + t * hidden_;
    const auto length = static_cast<float>(texts_.length(t));
    for (size_t p = 0; p < texts_.length(t); ++p) {
      float* d_token = d_state_ + (texts_.begin(t) + p) * hidden_;
      for (size_t i = 0; i < hidden_; ++i) d_token[i] = d_mean[i] / length;
    }
  }
}

void TrainingPass::PreNormBackward(size_t l, const Share& share, Gradients& gradients) {
  const LayerLayout& weights = model_.layout().layers[l];
  const LayerActivations& layer = activations_.layers[l];
  const bool firsts = ComputesFirstsOnly(config_, l);
  const auto [first, rows] = RowsOf(l, share);
  const size_t at = first * hidden_;
  float* d_state = (firsts ? d_first_tokens_ : d_state_) + at;
  float* d_down = d_down_ + at;
  float* d_out = d_out_ + at;
  // Rows of texts must not lie among the tokens' rows, which threads that are done with their texts write already.
  float* d_normed = (firsts ? pooled_again_ : d_normed_) + at;
  float* d_activated = d_activated_ + first * intermediate_;
  float* activated = activated_ + first * intermediate_;
  float* d_up = d_up_ + first * 2 * intermediate_;
  const auto gamma_sums = [&](size_t gamma) { return gradients.vector_at(share.thread, gamma); };

  // output = LayerNorm(middle + down): d_state becomes the gradient of the sum.
  if (l + 1 == activations_.layers.size()) {
    const size_t gamma = model_.layout().final_gamma;
    AddLayerNormBackward(rows, hidden_, d_state, layer.output_norm.From(first, hidden_), model_.at(gamma),
                         {gamma_sums(gamma)});
  }
  std::copy_n(d_state, rows * hidden_, d_down);
  // down = Dropout(activated) Wdown^T: d_activated = mask (d_down Wdown), and activated is made again with its mask.
  ProductBackward(rows, hidden_, intermediate_, d_down, weights.down, d_activated);
  const Dropout mask = dropout_.At(config_, StepDropout::kOutput, l);
  ApplyDropout(mask, first, rows, intermediate_, d_activated);
  GatedActivationBackward(HiddenFunction(config_), rows, intermediate_, layer.up + first * 2 * intermediate_,
                          d_activated, activated, d_up);
  ApplyDropout(mask, first, rows, intermediate_, activated);
  // up = attended Wup^T, attended = LayerNorm(middle): d_middle += the normalization's backward of d_up Wup.
  ProductBackward(rows, 2 * intermediate_, hidden_, d_up, weights.up, d_normed);
  AddLayerNormBackward(rows, hidden_, d_normed, layer.attended_norm.From(first, hidden_),
                       model_.at(weights.output_gamma), {gamma_sums(weights.output_gamma)});
  AddTo(rows * hidden_, d_normed, d_state);
  // middle = x + Dropout(context Wout^T): d_state is the residual's part of d_x from here on.
  std::copy_n(d_state, rows * hidden_, d_out);
  ApplyDropout(dropout_.At(config_, StepDropout::kAttentionOutput, l), first, rows, hidden_, d_out);
  ProductBackward(rows, hidden_, hidden_, d_out, weights.out, d_context_ + at);
  AttentionBackwardOfTexts(l, share, gradients);
  PreNormInputBackward(l, share, gradients);
}

void TrainingPass::PreNormInputBackward(size_t l, const Share& share, Gradients& gradients) {
  const LayerLayout& weights = model_.layout().layers[l];
  const LayerActivations& layer = activations_.layers[l];
  const bool firsts = ComputesFirstsOnly(config_, l);
  const bool local = IsLocalLayer(config_, l);
  const size_t width = firsts ? 2 * hidden_ : 3 * hidden_;  // of a row of d_qkv_
  // Queries and keys were turned by their positions: their gradients are turned back. A first token's angles are 0.
  for (size_t t = share.first_text; t < share.last_text; ++t) {
    for (size_t p = 0; p < texts_.length(t); ++p) {
      float* row = d_qkv_ + (texts_.begin(t) + p) * width;
      activations_.rotary.Turn(local, p, /*back=*/true, row);
      if (!firsts) activations_.rotary.Turn(local, p, /*back=*/true, row + hidden_);
    }
  }
  float* d_qkv = d_qkv_ + share.first_token * width;
  float* d_normed = d_normed_ + share.first_token * hidden_;
  float* d_input = d_state_ + share.first_token * hidden_;
  const size_t matrix = weights.qkv + (firsts ? hidden_ * hidden_ : 0);
  ProductBackward(share.tokens, width, hidden_, d_qkv, matrix, d_normed);
  if (firsts) {
    // Of the first tokens' queries, whose rows lie apart; the head's scratch is free by now.
    float* d_first = pooled_again_ + share.first_text * hidden_;
    ProductBackward(share.texts(), hidden_, hidden_, d_query_ + share.first_text * hidden_, weights.qkv, d_first);
    for (size_t t = share.first_text; t < share.last_text; ++t) {
      AddTo(hidden_, pooled_again_ + t * hidden_, d_normed_ + texts_.begin(t) * hidden_);
    }
  }
  if (l > 0) {
    AddLayerNormBackward(share.tokens, hidden_, d_normed, layer.input_norm.From(share.first_token, hidden_),
                         model_.at(weights.attention_gamma),
                         {gradients.vector_at(share.thread, weights.attention_gamma)});
  }
  if (!firsts) {
    AddTo(share.tokens * hidden_, d_normed, d_input);
    return;
  }
  // The residual's part is of the first tokens alone.
  std::copy_n(d_normed, share.tokens * hidden_, d_input);
  for (size_t t = share.first_text; t < share.last_text; ++t) {
    AddTo(hidden_, d_first_tokens_ + t * hidden_, d_state_ + texts_.begin(t) * hidden_);
  }
}

}  // namespace winnow
