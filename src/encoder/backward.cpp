// Each layer goes in two phases. First every thread takes its own texts back through the layer, which needs nothing of
// the other threads and leaves the gradient of each product's output. Then the weights' gradients, sums over all
// tokens, are products again, whose output rows are dealt out to the threads. Biases and normalization weights are
// summed on the way, per thread, and added up at the end.
#include "encoder/backward.h"

#include <algorithm>

#include "encoder/activation_functions.h"
#include "encoder/head.h"
#include "encoder/heads.h"
#include "encoder/position_runs.h"
#include "encoder/weight_gradients.h"
#include "kernels/activation.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

Activations::Keep KeepFor(const TrainingPass::Options& options) {
  return options.gradient_checkpointing ? Activations::Keep::kOutputs : Activations::Keep::kAll;
}

/// The memory of the gradients of a layer's activations, in floats.
size_t GradFloats(const ModelConfig& config, size_t tokens, size_t texts) {
  const auto hidden = static_cast<size_t>(config.hidden_size);
  const auto intermediate = static_cast<size_t>(config.intermediate_size);
  const size_t of_pre_norm = IsPreNorm(config) ? tokens * (hidden + 2 * intermediate) : 0;
  return tokens * (7 * hidden + 2 * intermediate) + texts * 4 * hidden +
         tokens * static_cast<size_t>(config.embedding_size) + of_pre_norm;
}

}  // namespace

size_t TrainingPass::Floats(const ModelConfig& config, size_t tokens, size_t texts, const Options& options) {
  return Activations::Floats(config, tokens, texts, KeepFor(options)) + GradFloats(config, tokens, texts);
}

TrainingPass::TrainingPass(const Model& model, ThreadPool& pool, const Options& options)
    : model_(model),
      config_(model.config()),
      pool_(pool),
      options_(options),
      hidden_(static_cast<size_t>(config_.hidden_size)),
      intermediate_(static_cast<size_t>(config_.intermediate_size)),
      embedding_size_(static_cast<size_t>(EmbeddingSize(config_))),
      scratch_(static_cast<size_t>(pool.size())) {}

std::span<const float> TrainingPass::Forward(const PackedTexts& texts, const StepDropout& dropout) {
  texts_ = texts;
  dropout_ = dropout;
  activations_.Prepare(config_, texts, KeepFor(options_));
  if (config_.relative_span > 0) {
    activations_.relative.Compute(model_, LongestOf(texts), dropout, options_.products, /*keep=*/true, pool_);
  }
  if (config_.bias_buckets > 0) {
    activations_.position_bias.Compute(config_, model_.at(model_.layout().attention_bias), LongestOf(texts));
  }
  if (IsPreNorm(config_)) activations_.rotary.Prepare(config_, LongestOf(texts));
  cuts_ = CutByTokens(texts, pool_.size());
  pool_.Run([&](int thread) {
    const auto i = static_cast<size_t>(thread);
    winnow::Forward(model_, texts_, cuts_[i], cuts_[i + 1], dropout_, options_.products, activations_, scratch_[i]);
  });
  return {activations_.logits, texts.texts() * config_.labels.size()};
}

template <class Task>
void TrainingPass::ForShares(const Task& task) {
  pool_.Run([&](int thread) {
    const auto i = static_cast<size_t>(thread);
    if (cuts_[i] == cuts_[i + 1]) return;
    const size_t first_token = texts_.begin(cuts_[i]);
    task(Share{.thread = thread,
               .first_text = cuts_[i],
               .last_text = cuts_[i + 1],
               .first_token = first_token,
               .tokens = static_cast<size_t>(texts_.offsets[cuts_[i + 1]]) - first_token});
  });
}

TrainingPass::Rows TrainingPass::RowsOf(size_t l, const Share& share) const {
  if (ComputesFirstsOnly(config_, l)) return {share.first_text, share.texts()};
  return {share.first_token, share.tokens};
}

void TrainingPass::Multiply(std::span<const WeightGradient> products, bool accumulate) {
  pool_.Run([&](int thread) { ComputeWeightGradients(products, accumulate, options_.products, thread, pool_.size()); });
}

void TrainingPass::ProductBackward(size_t rows, size_t out, size_t in, const float* d_y, size_t weight, float* d_x,
                                   float beta) const {
  MatMulNN(rows, in, out, d_y, out, model_.at(weight), in, beta, d_x, in, options_.products);
}

void TrainingPass::Backward(std::span<const float> logits_grad, Gradients& gradients) {
  PrepareGrads();
  const bool of_embeddings = options_.frozen_depths == 0;
  if (of_embeddings) gradients.AddRows(texts_);

  const HeadPlaces head = HeadPlacesOf(activations_);
  const HeadGradPlaces head_grads{
      .logits = logits_grad.data(), .pooled = d_pooled_, .again = pooled_again_, .features = d_first_tokens_};
  ForShares([&](const Share& share) {
    HeadBackward(model_, share.first_text, share.last_text, share.thread, dropout_, options_.products, head, head_grads,
                 gradients);
    if (config_.mean_pooling) FeaturesBackward(share);
  });
  Multiply(HeadWeightGradients(model_, texts_.texts(), head, head_grads, gradients), gradients.accumulates());

  const bool relative = config_.relative_span > 0;
  if (relative) activations_.relative.BeginBackward(pool_);
  // Layers from the last down to the lowest that learns: layer l has depth l + 1.
  const size_t lowest = static_cast<size_t>(std::max(options_.frozen_depths - 1, 0));
  for (size_t l = activations_.layers.size(); l-- > lowest;) {
    if (relative) activations_.relative.BeginLayer(pool_);
    ForShares([&](const Share& share) { LayerBackward(l, share, gradients); });
    LayerWeightGradients(l, gradients);
    if (relative) {
      activations_.relative.EndLayer(model_, l, dropout_, options_.products, of_embeddings, gradients, pool_);
    }
  }

  if (of_embeddings) AllEmbeddingsBackward(gradients);
  gradients.EndBackward();
}

// A product y = x W^T has dW = dy^T x.
void TrainingPass::LayerWeightGradients(size_t l, Gradients& gradients) {
  const std::vector<LayerLayout>& layers = model_.layout().layers;
  const LayerLayout& weights = layers[l];
  const LayerActivations& layer = activations_.layers[l];
  const size_t texts = texts_.texts(), tokens = texts_.tokens();
  const bool firsts = ComputesFirstsOnly(config_, l);
  const size_t rows = firsts ? texts : tokens;
  const size_t up_width = IsPreNorm(config_) ? 2 * intermediate_ : intermediate_;
  std::vector<WeightGradient> products = {
      {rows, hidden_, intermediate_, d_down_, activated_, gradients.at(weights.down)},
      {rows, up_width, hidden_, d_up_, layer.attended, gradients.at(weights.up)},
      {rows, hidden_, hidden_, d_out_, layer.context, gradients.at(weights.out)}};
  float* query = gradients.at(weights.qkv);
  if (firsts) {
    products.push_back({texts, hidden_, hidden_, d_query_, layer.query_input, query});
    products.push_back({tokens, 2 * hidden_, hidden_, d_qkv_, layer.normed, query + hidden_ * hidden_});
  } else {
    products.push_back({tokens, 3 * hidden_, hidden_, d_qkv_, layer.normed, query});
  }
  // Where layers share their weights, the layer above has written the gradients already.
  const bool shared = l + 1 < layers.size() && layers[l + 1].qkv == weights.qkv;
  Multiply(products, gradients.accumulates() || shared);
}

void TrainingPass::AllEmbeddingsBackward(Gradients& gradients) {
  const Layout& layout = model_.layout();
  const bool add = gradients.accumulates();
  ForShares([&](const Share& share) { EmbeddingBackward(share, gradients); });
  if (activations_.embeddings != nullptr) {
    const WeightGradient project{
        texts_.tokens(), hidden_, embedding_size_, d_state_, activations_.embeddings, gradients.at(layout.project)};
    Multiply({&project, 1}, add);
  }
  if (!add) {
    const auto clear = [&](size_t table, int rows) {
      std::fill_n(gradients.at(table), static_cast<size_t>(rows) * embedding_size_, 0.0f);
    };
    if (config_.absolute_positions) clear(layout.positions, config_.max_positions);
    if (config_.type_vocab_size > 0) clear(layout.segments, config_.type_vocab_size);
  }
  if (config_.relative_span > 0) activations_.relative.EndBackward(model_, gradients);
  pool_.ForRanges(embedding_size_, 16,
                  [&](size_t begin, size_t end, int) { ScatterEmbeddings(begin, end, gradients); });
}

void TrainingPass::PrepareGrads() {
  const size_t tokens = texts_.tokens();
  const size_t texts = texts_.texts();
  grads_.Resize(GradFloats(config_, tokens, texts));
  float* next = grads_.data();
  const auto take = [&](size_t count) { return std::exchange(next, next + count); };
  d_state_ = take(tokens * hidden_);
  d_down_ = take(tokens * hidden_);
  d_out_ = take(tokens * hidden_);
  d_context_ = take(tokens * hidden_);
  d_qkv_ = take(tokens * 3 * hidden_);
  activated_ = take(tokens * intermediate_);
  d_up_ = take(tokens * (IsPreNorm(config_) ? 2 * intermediate_ : intermediate_));
  if (IsPreNorm(config_)) {
    d_activated_ = take(tokens * intermediate_);
    d_normed_ = take(tokens * hidden_);
  }
  d_query_ = take(texts * hidden_);
  d_first_tokens_ = take(texts * hidden_);
  d_pooled_ = take(texts * hidden_);
  pooled_again_ = take(texts * hidden_);
  d_embeddings_ = config_.embedding_size > 0 ? take(tokens * embedding_size_) : d_state_;
}

void TrainingPass::LayerBackward(size_t l, const Share& share, Gradients& gradients) {
  // The last two layers are as the forward left them: only lower ones were written over.
  if (options_.gradient_checkpointing && l + 2 < activations_.layers.size()) {
    ForwardLayer(model_, texts_, share.first_text, share.last_text, l, dropout_, options_.products, activations_,
                 scratch_[static_cast<size_t>(share.thread)]);
  }
  if (IsPreNorm(config_)) {
    PreNormBackward(l, share, gradients);
  } else {
    PostNormBackward(l, share, gradients);
  }
}

// The forward of a layer, of its input x, in the names of LayerActivations and without dropout:
//   qkv = x Wqkv^T + b;  context = softmax(q k^T / sqrt(head)) v, each head by itself;  out = context Wout^T
//   attended = LayerNorm(x + out + b);  up = attended Wup^T + b;  activated = f(up);  down = activated Wdown^T
//   output = LayerNorm(attended + down + b)
// A product y = x W^T has dx = dy W and dW = dy^T x; the latter is phase two's.
void TrainingPass::PostNormBackward(size_t l, const Share& share, Gradients& gradients) {
  const LayerLayout& weights = model_.layout().layers[l];
  const LayerActivations& layer = activations_.layers[l];
  const bool firsts = ComputesFirstsOnly(config_, l);
  const auto [first, rows] = RowsOf(l, share);
  float* d_state = (firsts ? d_first_tokens_ : d_state_) + first * hidden_;
  float* d_down = d_down_ + first * hidden_;
  float* d_up = d_up_ + first * intermediate_;
  float* d_out = d_out_ + first * hidden_;
  float* d_context = d_context_ + first * hidden_;
  const auto sums = [&](size_t offset) { return gradients.vector_at(share.thread, offset); };

  // output = LayerNorm(attended + Dropout(down + b)): d_state becomes d_attended by the residual; d_down = mask
  // d_state.
  AddLayerNormBackward(rows, hidden_, d_state, layer.output_norm.From(first, hidden_), model_.at(weights.output_gamma),
                       {sums(weights.output_gamma), sums(weights.output_beta)},
                       {.x = d_down,
                        .bias = sums(weights.down_bias),
                        .dropout = dropout_.At(config_, StepDropout::kOutput, l),
                        .first_row = first});
  // down = activated Wdown^T: d_activated = d_down Wdown, kept in d_up.
  ProductBackward(rows, hidden_, intermediate_, d_down, weights.down, d_up);
  // activated = f(up): d_up = f'(up) d_activated.
  BiasActivationBackward(HiddenFunction(config_), rows, intermediate_, layer.up + first * intermediate_, d_up,
                         activated_ + first * intermediate_, sums(weights.up_bias));
  // up = attended Wup^T + b: d_attended += d_up Wup, beside the residual's part.
  ProductBackward(rows, intermediate_, hidden_, d_up, weights.up, d_state, /*beta=*/1.0f);
  // attended = LayerNorm(x + Dropout(out + b)): d_state becomes the residual's part of d_x; d_out = mask d_state.
  AddLayerNormBackward(rows, hidden_, d_state, layer.attended_norm.From(first, hidden_),
                       model_.at(weights.attention_gamma),
                       {sums(weights.attention_gamma), sums(weights.attention_beta)},
                       {.x = d_out,
                        .bias = sums(weights.out_bias),
                        .dropout = dropout_.At(config_, StepDropout::kAttentionOutput, l),
                        .first_row = first});
  // out = context Wout^T: d_context = d_out Wout.
  ProductBackward(rows, hidden_, hidden_, d_out, weights.out, d_context);
  AttentionBackwardOfTexts(l, share, gradients);
  if (firsts) {
    LastInputBackward(weights, share, gradients);
    return;
  }
  // qkv = x Wqkv^T + b: d_x += d_qkv Wqkv, and d_b is the sum of the rows of d_qkv.
  float* d_qkv = d_qkv_ + share.first_token * 3 * hidden_;
  AddColumnSums(share.tokens, 3 * hidden_, d_qkv, sums(weights.qkv_bias));
  ProductBackward(share.tokens, 3 * hidden_, hidden_, d_qkv, weights.qkv, d_state, /*beta=*/1.0f);
}

void TrainingPass::LastInputBackward(const LayerLayout& weights, const Share& share, Gradients& gradients) {
  float* d_query = d_query_ + share.first_text * hidden_;
  float* d_key_value = d_qkv_ + share.first_token * 2 * hidden_;
  float* d_input = d_state_ + share.first_token * hidden_;
  float* d_first_tokens = d_first_tokens_ + share.first_text * hidden_;
  AddColumnSums(share.texts(), hidden_, d_query, gradients.vector_at(share.thread, weights.qkv_bias));
  AddColumnSums(share.tokens, 2 * hidden_, d_key_value, gradients.vector_at(share.thread, weights.qkv_bias + hidden_));
  // [k v] = x Wkv^T + b of all tokens: d_x = d_kv Wkv.
  ProductBackward(share.tokens, 2 * hidden_, hidden_, d_key_value, weights.qkv + hidden_ * hidden_, d_input);
  // q = x0 Wq^T + b of the first tokens x0: d_x0 += d_q Wq, beside the residual's part.
  ProductBackward(share.texts(), hidden_, hidden_, d_query, weights.qkv, d_first_tokens, /*beta=*/1.0f);
  // x0 is a row of x: its gradient is the sum of both parts.
  for (size_t t = share.first_text; t < share.last_text; ++t) {
    AddTo(hidden_, d_first_tokens_ + t * hidden_, d_state_ + texts_.begin(t) * hidden_);
  }
}

void TrainingPass::AttentionBackwardOfTexts(size_t l, const Share& share, Gradients& gradients) {
  const LayerActivations& layer = activations_.layers[l];
  const bool last = ComputesFirstsOnly(config_, l);
  const Dropout dropout = dropout_.At(config_, StepDropout::kAttention, l);
  // The gradients lie as the activations do: query, key and value in a row, or in the last layer the query by itself.
  float* d_query = last ? d_query_ : d_qkv_;
  float* d_key = last ? d_qkv_ : d_qkv_ + hidden_;
  float* d_value = d_key + hidden_;
  AttentionScratch& scratch = scratch_[static_cast<size_t>(share.thread)];
  RelativePositions& relative = activations_.relative;
  ForEachHead(config_, layer, last, texts_, share.first_text, share.last_text, [&](const HeadPlace& at) {
    const size_t query = at.query_row * layer.query_stride + at.column;
    const size_t keys = at.token_row * layer.key_stride + at.column;
    const AttentionShape shape = ShapeWithBias(config_, activations_, l, at, scratch);
    const size_t head = at.column / shape.head_size;
    const bool bias_learns = config_.relative_span > 0 || config_.bias_buckets > 0;
    float* d_bias = !bias_learns ? nullptr : scratch.BiasGradFloats(shape.queries * BiasStride(shape.tokens));
    // context = P v with P = softmax(scale (q k^T + bias)): d_v = P^T d_context; with dP = d_context v^T and
    // dS = P (dP - the row's sum of P dP):  d_q = scale dS k, d_k = scale dS^T q, d_bias = scale dS.
    AttentionBackward(shape, {layer.query + query, layer.key + keys, layer.value + keys}, dropout,
                      layer.log_sum + at.shape.first_row, d_context_ + at.query_row * hidden_ + at.column,
                      {d_query + query, d_key + keys, d_value + keys, d_bias}, scratch);
    if (config_.bias_buckets > 0 && options_.frozen_depths == 0) {
      activations_.position_bias.Backward(head, shape, d_bias, scratch,
                                          gradients.vector_at(share.thread, model_.layout().attention_bias));
    }
    if (config_.relative_span == 0) return;
    // bias[i, j] = q_i . key(i - j) + k_j . query(i - j): d_q_i += sum over j of d_bias[i, j] key(i - j); the others
    // alike.
    RelativeScoresBackward(shape, relative.places(), relative.Head(l, at.column), layer.query + query, layer.key + keys,
                           d_bias, d_query + query, d_key + keys, relative.query_grad(share.thread, at.column),
                           relative.key_grad(share.thread, at.column), scratch);
  });
}

void TrainingPass::EmbeddingBackward(const Share& share, Gradients& gradients) {
  const Layout& layout = model_.layout();
  const size_t first = share.first_token, rows = share.tokens;
  float* d_embeddings = d_embeddings_ + first * embedding_size_;
  if (activations_.embeddings != nullptr) {
    // x = embeddings W^T + b: d_embeddings = d_x W, and d_b is the sum of the rows of d_x.
    const float* d_state = d_state_ + first * hidden_;
    AddColumnSums(rows, hidden_, d_state, gradients.vector_at(share.thread, layout.project_bias));
    ProductBackward(rows, hidden_, embedding_size_, d_state, layout.project, d_embeddings);
  }
  // embeddings = Dropout(LayerNorm(word + position + segment)): their gradient becomes that of the sum, which is that
  // of each term.
  ApplyDropout(dropout_.At(config_, StepDropout::kEmbedding), first, rows, embedding_size_, d_embeddings);
  float* beta_sums = IsPreNorm(config_) ? nullptr : gradients.vector_at(share.thread, layout.embedding_beta);
  AddLayerNormBackward(rows, embedding_size_, d_embeddings, activations_.embedding_norm.From(first, embedding_size_),
                       model_.at(layout.embedding_gamma),
                       {gradients.vector_at(share.thread, layout.embedding_gamma), beta_sums});
}

void TrainingPass::ScatterEmbeddings(size_t first_column, size_t last_column, Gradients& gradients) {
  const Layout& layout = model_.layout();
  const size_t n = last_column - first_column;
  float* positions = config_.absolute_positions ? gradients.at(layout.positions) + first_column : nullptr;
  float* segment = config_.type_vocab_size > 0 ? gradients.at(layout.segments) + first_column : nullptr;
  const int position_padding = PositionPadding(config_);
  const int word_padding = position_padding >= 0 ? position_padding : config_.pad_token_id;
  for (size_t t = 0; t < texts_.texts(); ++t) {
    const auto ids = texts_.ids.subspan(texts_.begin(t), texts_.length(t));
    ForEachPositionRun(config_, ids, [&](size_t begin, size_t count, size_t position) {
      for (size_t i = 0; i < count; ++i) {
        const int32_t id = ids[begin + i];
        const float* d_sum = d_embeddings_ + (texts_.begin(t) + begin + i) * embedding_size_ + first_column;
        // Embedding(padding_idx=...) of PyTorch gives neither the word nor the position of padding a gradient.
        if (id != word_padding) AddTo(n, d_sum, gradients.word_row_of(id) + first_column);
        if (positions != nullptr && id != position_padding)
          AddTo(n, d_sum, positions + (position + i) * embedding_size_);
        if (segment != nullptr) AddTo(n, d_sum, segment);
      }
    });
  }
}

}  // namespace winnow
