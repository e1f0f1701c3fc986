// Each layer goes in two phases. First every thread takes its own texts back through the layer, which needs nothing of
// the other threads and leaves the gradient of each product's output. Then the weights' gradients, sums over all
// tokens, are products again, whose output rows are dealt out to the threads. Biases and normalisation weights are
// summed on the way, per thread, and added up at the end.
#include "encoder/backward.h"

#include <algorithm>

#include "encoder/activation_functions.h"
#include "encoder/head.h"
#include "encoder/heads.h"
#include "encoder/weight_gradients.h"
#include "kernels/activation.h"
#include "kernels/embedding.h"
#include "kernels/layer_norm.h"

namespace winnow {
namespace {

Activations::Keep KeepFor(const TrainingPass::Options& options) {
  return options.recompute ? Activations::Keep::kOutputs : Activations::Keep::kAll;
}

/// The memory of the gradients of a layer's activations, in floats.
size_t GradFloats(const ModelConfig& config, size_t tokens, size_t texts) {
  const auto hidden = static_cast<size_t>(config.hidden_size);
  return tokens * (7 * hidden + 2 * static_cast<size_t>(config.intermediate_size)) + texts * 4 * hidden;
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
      scratch_(static_cast<size_t>(pool.size())) {}

std::span<const float> TrainingPass::Forward(const PackedTexts& texts, const StepDropout& dropout) {
  texts_ = texts;
  dropout_ = dropout;
  activations_.Prepare(config_, texts, KeepFor(options_));
  if (config_.relative_span > 0) {
    activations_.relative.Compute(model_, LongestOf(texts), dropout, options_.precision, /*keep=*/true, pool_);
  }
  cuts_ = CutByTokens(texts, pool_.size());
  pool_.Run([&](int thread) {
    const auto i = static_cast<size_t>(thread);
    winnow::Forward(model_, texts_, cuts_[i], cuts_[i + 1], dropout_, options_.precision, activations_, scratch_[i]);
  });
  return {activations_.logits, texts.texts() * config_.labels.size()};
}

void TrainingPass::Backward(std::span<const float> logits_grad, Gradients& gradients) {
  const Layout& layout = model_.layout();
  const size_t texts = texts_.texts();
  const size_t tokens = texts_.tokens();
  const bool add = gradients.accumulating;
  PrepareGrads();
  const bool of_embeddings = options_.frozen_depths == 0;
  if (of_embeddings) gradients.Touch(texts_);
  const auto weight_gradients = [&](std::initializer_list<WeightGradient> products) {
    pool_.Run([&](int thread) { ComputeWeightGradients(products, add, options_.precision, thread, pool_.size()); });
  };
  const auto each_threads_texts = [&](auto&& backward) {
    pool_.Run([&](int thread) {
      const auto i = static_cast<size_t>(thread);
      if (cuts_[i] < cuts_[i + 1]) backward(cuts_[i], cuts_[i + 1], thread);
    });
  };

  const HeadPlaces head{.features = activations_.layers.back().output,
                        .input = activations_.head_input,
                        .pooled_input = activations_.pooled_input,
                        .pooled = activations_.pooled,
                        .logits = activations_.logits};
  const HeadGradPlaces head_grads{
      .logits = logits_grad.data(), .pooled = pooled_, .again = pooled_again_, .features = first_tokens_};
  each_threads_texts([&](size_t first, size_t last, int thread) {
    HeadBackward(model_, first, last, thread, dropout_, options_.precision, head, head_grads, gradients);
  });
  const auto [of_classifier, of_dense] = HeadWeightGradients(model_, texts, head, head_grads, gradients);
  weight_gradients({of_classifier, of_dense});
  const bool relative = config_.relative_span > 0;
  if (relative) activations_.relative.BeginBackward(pool_);

  // Layers from the last down to the lowest that learns: layer l has depth l + 1.
  const size_t lowest = static_cast<size_t>(std::max(options_.frozen_depths - 1, 0));
  for (size_t l = layout.layers.size(); l-- > lowest;) {
    const LayerLayout& weights = layout.layers[l];
    const LayerActivations& layer = activations_.layers[l];
    const bool last = l + 1 == layout.layers.size();
    const size_t rows = last ? texts : tokens;
    if (relative) activations_.relative.BeginLayer(pool_);
    each_threads_texts([&](size_t first_text, size_t last_text, int thread) {
      LayerBackward(l, first_text, last_text, thread, gradients);
    });
    const WeightGradient down{rows, hidden_, intermediate_, down_, activated_, gradients.at(weights.down)};
    const WeightGradient up{rows, intermediate_, hidden_, up_, layer.attended, gradients.at(weights.up)};
    const WeightGradient out{rows, hidden_, hidden_, out_, layer.context, gradients.at(weights.out)};
    if (last) {
      float* key_value = gradients.at(weights.qkv + hidden_ * hidden_);
      weight_gradients({down,
                        up,
                        out,
                        {texts, hidden_, hidden_, query_, layer.query_input, gradients.at(weights.qkv)},
                        {tokens, 2 * hidden_, hidden_, qkv_, layer.input, key_value}});
    } else {
      weight_gradients({down, up, out, {tokens, 3 * hidden_, hidden_, qkv_, layer.input, gradients.at(weights.qkv)}});
    }
    if (relative) {
      activations_.relative.EndLayer(model_, l, dropout_, options_.precision, of_embeddings, gradients, pool_);
    }
  }

  if (of_embeddings) {
    each_threads_texts(
        [&](size_t first, size_t last, int thread) { EmbeddingBackward(first, last, thread, gradients); });
    if (!add) {
      const auto clear = [&](size_t table, int rows) {
        std::fill_n(gradients.at(table), static_cast<size_t>(rows) * hidden_, 0.0f);
      };
      if (config_.absolute_positions) clear(layout.positions, config_.max_positions);
      if (config_.type_vocab_size > 0) clear(layout.segments, config_.type_vocab_size);
    }
    if (relative) activations_.relative.EndBackward(model_, gradients);
    pool_.ForRanges(hidden_, 16, [&](size_t begin, size_t end, int) { ScatterEmbeddings(begin, end, gradients); });
  }
  gradients.AddVectors();
  gradients.accumulating = true;
}

void TrainingPass::PrepareGrads() {
  const size_t tokens = texts_.tokens();
  const size_t texts = texts_.texts();
  grads_.Resize(GradFloats(config_, tokens, texts));
  float* next = grads_.data();
  const auto take = [&](size_t count) { return std::exchange(next, next + count); };
  state_ = take(tokens * hidden_);
  down_ = take(tokens * hidden_);
  out_ = take(tokens * hidden_);
  context_ = take(tokens * hidden_);
  qkv_ = take(tokens * 3 * hidden_);
  activated_ = take(tokens * intermediate_);
  up_ = take(tokens * intermediate_);
  query_ = take(texts * hidden_);
  first_tokens_ = take(texts * hidden_);
  pooled_ = take(texts * hidden_);
  pooled_again_ = take(texts * hidden_);
}

void TrainingPass::LayerBackward(size_t l, size_t first_text, size_t last_text, int thread, Gradients& gradients) {
  const LayerLayout& weights = model_.layout().layers[l];
  const LayerActivations& layer = activations_.layers[l];
  const bool last = l + 1 == activations_.layers.size();
  const size_t first_token = texts_.begin(first_text);
  const size_t tokens = static_cast<size_t>(texts_.offsets[last_text]) - first_token;
  const size_t first = last ? first_text : first_token;
  const size_t rows = last ? last_text - first_text : tokens;
  float* state = (last ? first_tokens_ : state_) + first * hidden_;
  float* down = down_ + first * hidden_;
  float* up = up_ + first * intermediate_;
  float* out = out_ + first * hidden_;
  const auto sums = [&](size_t offset) { return gradients.vector_at(thread, offset); };

  // The last two layers are as the forward left them: only lower ones were written over.
  if (options_.recompute && l + 2 < activations_.layers.size()) {
    ForwardLayer(model_, texts_, first_text, last_text, l, dropout_, options_.precision, activations_,
                 scratch_[static_cast<size_t>(thread)]);
  }
  AddLayerNormBackward(rows, hidden_, state, layer.output_normal + first * hidden_, layer.output_rstd + first,
                       model_.at(weights.output_gamma), dropout_.At(config_, StepDropout::kOutput, l), first, down,
                       sums(weights.output_gamma), sums(weights.output_beta), sums(weights.down_bias));
  MatMulNN(rows, intermediate_, hidden_, down, hidden_, model_.at(weights.down), intermediate_, 0.0f, up, intermediate_,
           options_.precision);
  BiasActivationBackward(HiddenFunction(config_), rows, intermediate_, layer.up + first * intermediate_, up,
                         activated_ + first * intermediate_, sums(weights.up_bias));
  MatMulNN(rows, hidden_, intermediate_, up, intermediate_, model_.at(weights.up), hidden_, 1.0f, state, hidden_,
           options_.precision);
  AddLayerNormBackward(rows, hidden_, state, layer.attended_normal + first * hidden_, layer.attended_rstd + first,
                       model_.at(weights.attention_gamma), dropout_.At(config_, StepDropout::kAttentionOutput, l),
                       first, out, sums(weights.attention_gamma), sums(weights.attention_beta), sums(weights.out_bias));
  MatMulNN(rows, hidden_, hidden_, out, hidden_, model_.at(weights.out), hidden_, 0.0f, context_ + first * hidden_,
           hidden_, options_.precision);
  AttentionBackwardOfTexts(l, first_text, last_text, thread);

  if (!last) {
    float* qkv = qkv_ + first_token * 3 * hidden_;
    AddColumnSums(tokens, 3 * hidden_, qkv, sums(weights.qkv_bias));
    MatMulNN(tokens, hidden_, 3 * hidden_, qkv, 3 * hidden_, model_.at(weights.qkv), hidden_, 1.0f, state, hidden_,
             options_.precision);
    return;
  }
  float* query = query_ + first_text * hidden_;
  float* key_value = qkv_ + first_token * 2 * hidden_;
  float* input = state_ + first_token * hidden_;
  AddColumnSums(rows, hidden_, query, sums(weights.qkv_bias));
  AddColumnSums(tokens, 2 * hidden_, key_value, sums(weights.qkv_bias + hidden_));
  MatMulNN(tokens, hidden_, 2 * hidden_, key_value, 2 * hidden_, model_.at(weights.qkv + hidden_ * hidden_), hidden_,
           0.0f, input, hidden_, options_.precision);
  MatMulNN(rows, hidden_, hidden_, query, hidden_, model_.at(weights.qkv), hidden_, 1.0f, state, hidden_,
           options_.precision);
  for (size_t t = first_text; t < last_text; ++t) {
    AddTo(hidden_, first_tokens_ + t * hidden_, state_ + texts_.begin(t) * hidden_);
  }
}

void TrainingPass::AttentionBackwardOfTexts(size_t l, size_t first_text, size_t last_text, int thread) {
  const LayerActivations& layer = activations_.layers[l];
  const bool last = l + 1 == activations_.layers.size();
  const Dropout dropout = dropout_.At(config_, StepDropout::kAttention, l);
  // The gradients lie as the activations do: query, key and value in a row, or in the last layer the query by itself.
  float* query_grad = last ? query_ : qkv_;
  float* key_grad = last ? qkv_ : qkv_ + hidden_;
  AttentionScratch& scratch = scratch_[static_cast<size_t>(thread)];
  RelativePositions& relative = activations_.relative;
  ForEachHead(config_, layer, last, texts_, first_text, last_text, [&](const HeadPlace& at) {
    const size_t query = at.query_row * layer.query_stride + at.column;
    const size_t keys = at.token_row * layer.key_stride + at.column;
    AttentionShape shape = at.shape;
    if (config_.relative_span > 0) {
      AddRelativeScores(relative.places(), relative.Head(l, at.column), layer.query + query, layer.key + keys, shape,
                        scratch);
    }
    float* bias_grad =
        shape.bias == nullptr ? nullptr : scratch.BiasGradFloats(shape.queries * BiasStride(shape.tokens));
    AttentionBackward(shape, layer.query + query, layer.key + keys, layer.value + keys, dropout,
                      layer.log_sum + at.shape.first_row, context_ + at.query_row * hidden_ + at.column,
                      query_grad + query, key_grad + keys, key_grad + hidden_ + keys, scratch, bias_grad);
    if (bias_grad == nullptr) return;
    RelativeScoresBackward(shape, relative.places(), relative.Head(l, at.column), layer.query + query, layer.key + keys,
                           bias_grad, query_grad + query, key_grad + keys, relative.query_grad(thread, at.column),
                           relative.key_grad(thread, at.column), scratch);
  });
}

void TrainingPass::EmbeddingBackward(size_t first_text, size_t last_text, int thread, Gradients& gradients) {
  const Layout& layout = model_.layout();
  const size_t first = texts_.begin(first_text);
  const size_t rows = static_cast<size_t>(texts_.offsets[last_text]) - first;
  float* state = state_ + first * hidden_;
  ApplyDropout(dropout_.At(config_, StepDropout::kEmbedding), first, rows, hidden_, state);
  AddLayerNormBackward(rows, hidden_, state, activations_.embedding_normal + first * hidden_,
                       activations_.embedding_rstd + first, model_.at(layout.embedding_gamma), {}, 0, nullptr,
                       gradients.vector_at(thread, layout.embedding_gamma),
                       gradients.vector_at(thread, layout.embedding_beta), nullptr);
}

void TrainingPass::ScatterEmbeddings(size_t first_column, size_t last_column, Gradients& gradients) {
  const Layout& layout = model_.layout();
  const size_t n = last_column - first_column;
  float* positions = nullptr;  // of the first token
  if (config_.absolute_positions) {
    positions = gradients.at(layout.positions) + static_cast<size_t>(FirstPosition(config_)) * hidden_ + first_column;
  }
  float* segment = config_.type_vocab_size > 0 ? gradients.at(layout.segments) + first_column : nullptr;
  for (size_t t = 0; t < texts_.texts(); ++t) {
    for (size_t position = 0; position < texts_.length(t); ++position) {
      const size_t row = texts_.begin(t) + position;
      const float* from = state_ + row * hidden_ + first_column;
      AddTo(n, from, gradients.word_row_of(texts_.ids[row]) + first_column);
      if (positions != nullptr) AddTo(n, from, positions + position * hidden_);
      if (segment != nullptr) AddTo(n, from, segment);
    }
  }
}

}  // namespace winnow
