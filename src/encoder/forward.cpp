// The encoder of BERT (Devlin et al. 2018), DistilBERT (Sanh et al. 2019), RoBERTa (Liu et al. 2019), ELECTRA (Clark et
// al. 2020), DeBERTa (He et al. 2020), ALBERT (Lan et al. 2019), MPNet (Song et al. 2020) and ModernBERT (Warner et al.
// 2024): embeddings, then layers of attention and a two-layer perceptron, each followed by residual and normalization
// (in ModernBERT preceded by normalization and followed by residual), then a dense layer on the first token and the
// classifier. A thread takes its texts through all layers by itself: texts don't meet before the loss.
#include "encoder/forward.h"

#include <algorithm>

#include "base/round_up.h"
#include "encoder/activation_functions.h"
#include "encoder/head.h"
#include "encoder/heads.h"
#include "encoder/position_runs.h"
#include "kernels/activation.h"
#include "kernels/embedding.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

/// The texts of one thread in one forward pass. `config` is that of the model, or one that differs from it in
/// mean_pooling alone. `team`, if given and idle, shares the products with the calling thread, whose pass must then be
/// the only one.
class ForwardPass {
 public:
  ForwardPass(const Model& model, const ModelConfig& config, const PackedTexts& texts, size_t first_text,
              size_t last_text, const StepDropout& dropout, const MatMulOptions& products, Activations& activations,
              AttentionScratch& scratch, ThreadPool* team = nullptr)
      : model_(model),
        config_(config),
        texts_(texts),
        first_text_(first_text),
        last_text_(last_text),
        first_(texts.begin(first_text)),
        rows_(static_cast<size_t>(texts.offsets[last_text]) - first_),
        hidden_(static_cast<size_t>(config_.hidden_size)),
        intermediate_(static_cast<size_t>(config_.intermediate_size)),
        dropout_(dropout),
        products_(products),
        activations_(activations),
        scratch_(scratch),
        team_(team) {}

  void Run() {
    ComputeFeatures();
    HeadForward(model_, first_text_, last_text_, dropout_, products_, HeadPlacesOf(activations_));
  }

  /// Computes what the head reads.
  void ComputeFeatures() {
    Embed();
    for (size_t l = 0; l < activations_.layers.size(); ++l) Layer(l);
    if (config_.mean_pooling) AverageTokens();
  }

  void Layer(size_t l) {
    if (IsPreNorm(config_)) {
      PreNormLayer(l);
    } else {
      PostNormLayer(l);
    }
  }

 private:
  void PostNormLayer(size_t l) {
    const LayerLayout& weights = model_.layout().layers[l];
    const LayerActivations& layer = activations_.layers[l];
    const auto [first, rows] = RowsOf(l);
    AttendInLayer(l);
    float* product = layer.product + first * hidden_;
    float* attended = layer.attended + first * hidden_;
    Product(rows, hidden_, hidden_, layer.context + first * hidden_, weights.out, product);
    AddLayerNorm(rows, hidden_,
                 {.x = product,
                  .bias = model_.at(weights.out_bias),
                  .dropout = dropout_.At(config_, StepDropout::kAttentionOutput, l),
                  .first_row = first,
                  .residual = layer.query_input + first * hidden_},
                 Norm(weights.attention_gamma, weights.attention_beta), attended,
                 layer.attended_norm.From(first, hidden_));

    float* up = layer.up + first * intermediate_;
    float* activated = layer.activated + first * intermediate_;
    Product(rows, intermediate_, hidden_, attended, weights.up, up);
    BiasActivation(HiddenFunction(config_), rows, intermediate_, up, model_.at(weights.up_bias), activated);
    Product(rows, hidden_, intermediate_, activated, weights.down, product);
    AddLayerNorm(rows, hidden_,
                 {.x = product,
                  .bias = model_.at(weights.down_bias),
                  .dropout = dropout_.At(config_, StepDropout::kOutput, l),
                  .first_row = first,
                  .residual = attended},
                 Norm(weights.output_gamma, weights.output_beta), layer.output + first * hidden_,
                 layer.output_norm.From(first, hidden_));
  }

  /// ModernBERT's: middle = input + attention(norm(input)), output = middle + perceptron(norm(middle)), and once more a
  /// normalization after the last layer. The first layer's input is normalized already.
  void PreNormLayer(size_t l) {
    const LayerLayout& weights = model_.layout().layers[l];
    const LayerActivations& layer = activations_.layers[l];
    const auto [first, rows] = RowsOf(l);
    const size_t at = first * hidden_;
    if (l > 0) {
      const size_t all = first_ * hidden_;
      AddLayerNorm(rows_, hidden_, {.x = layer.input + all}, Norm(weights.attention_gamma), layer.normed + all,
                   layer.input_norm.From(first_, hidden_));
    }
    AttendInLayer(l);
    float* product = layer.product + at;
    float* middle = layer.middle + at;
    Product(rows, hidden_, hidden_, layer.context + at, weights.out, product);
    ApplyDropout(dropout_.At(config_, StepDropout::kAttentionOutput, l), first, rows, hidden_, product);
    if (ComputesFirstsOnly(config_, l)) {
      GatherFirstTokens(layer.input, layer.middle);
    } else {
      std::copy_n(layer.input + at, rows * hidden_, middle);
    }
    AddTo(rows * hidden_, product, middle);

    float* attended = layer.attended + at;
    AddLayerNorm(rows, hidden_, {.x = middle}, Norm(weights.output_gamma), attended,
                 layer.attended_norm.From(first, hidden_));
    float* up = layer.up + first * 2 * intermediate_;
    float* activated = layer.activated + first * intermediate_;
    Product(rows, 2 * intermediate_, hidden_, attended, weights.up, up);
    GatedActivation(HiddenFunction(config_), rows, intermediate_, up, activated);
    ApplyDropout(dropout_.At(config_, StepDropout::kOutput, l), first, rows, intermediate_, activated);
    Product(rows, hidden_, intermediate_, activated, weights.down, product);
    float* output = layer.output + at;
    if (l + 1 == activations_.layers.size()) {
      AddLayerNorm(rows, hidden_, {.x = product, .residual = middle}, Norm(model_.layout().final_gamma), output,
                   layer.output_norm.From(first, hidden_));
    } else {
      std::copy_n(middle, rows * hidden_, output);
      AddTo(rows * hidden_, product, output);
    }
  }

  /// Query, key and value of layer.normed, and attention's output in layer.context.
  void AttendInLayer(size_t l) {
    const LayerLayout& weights = model_.layout().layers[l];
    LayerActivations& layer = activations_.layers[l];
    const float* input = layer.normed + first_ * hidden_;
    if (ComputesFirstsOnly(config_, l)) {
      const size_t texts = last_text_ - first_text_;
      const size_t first = first_text_ * hidden_;
      GatherFirstTokens(layer.normed, layer.query_input);
      Product(texts, hidden_, hidden_, layer.query_input + first, weights.qkv, layer.query + first);
      float* key_value = layer.key + first_ * 2 * hidden_;
      Product(rows_, 2 * hidden_, hidden_, input, weights.qkv + hidden_ * hidden_, key_value);
      if (!IsPreNorm(config_)) {
        Bias(texts, hidden_, weights.qkv_bias, layer.query + first);
        Bias(rows_, 2 * hidden_, weights.qkv_bias + hidden_, key_value);
      }
    } else {
      float* qkv = layer.query + first_ * 3 * hidden_;
      Product(rows_, 3 * hidden_, hidden_, input, weights.qkv, qkv);
      if (!IsPreNorm(config_)) Bias(rows_, 3 * hidden_, weights.qkv_bias, qkv);
    }
    if (IsPreNorm(config_)) TurnByPositions(l);
    Attend(l);
  }

  void TurnByPositions(size_t l) {
    const LayerActivations& layer = activations_.layers[l];
    const bool local = IsLocalLayer(config_, l);
    for (size_t t = first_text_; t < last_text_; ++t) {
      for (size_t p = 0; p < texts_.length(t); ++p) {
        const size_t row = texts_.begin(t) + p;
        activations_.rotary.Turn(local, p, /*back=*/false, layer.key + row * layer.key_stride);
        // A first token's angles are 0.
        if (ComputesFirstsOnly(config_, l)) continue;
        activations_.rotary.Turn(local, p, /*back=*/false, layer.query + row * layer.query_stride);
      }
    }
  }

  void Embed() {
    const Layout& layout = model_.layout();
    const auto width = static_cast<size_t>(EmbeddingSize(config_));
    float* input = activations_.layers.front().input;
    float* x = activations_.embeddings != nullptr ? activations_.embeddings : input;
    const float* segment = config_.type_vocab_size > 0 ? model_.at(layout.segments) : nullptr;
    const bool pairs = config_.type_vocab_size > 1;
    for (size_t t = first_text_; t < last_text_; ++t) {
      const auto ids = texts_.ids.subspan(texts_.begin(t), texts_.length(t));
      const size_t first_length = pairs ? texts_.first_length(t) : ids.size();
      const auto embed = [&](size_t begin, size_t end, size_t position, const float* type) {
        const float* positions = nullptr;
        if (config_.absolute_positions) positions = model_.at(layout.positions) + position * width;
        EmbedText(end - begin, width, ids.data() + begin, model_.words(), positions, type,
                  x + (texts_.begin(t) + begin) * width);
      };
      ForEachPositionRun(config_, ids, [&](size_t begin, size_t count, size_t position) {
        const size_t second = std::clamp(first_length, begin, begin + count);
        if (second > begin) embed(begin, second, position, segment);
        if (second < begin + count) embed(second, begin + count, position + (second - begin), segment + width);
      });
    }
    float* mine = x + first_ * width;
    const LayerNormWeights norm =
        IsPreNorm(config_) ? Norm(layout.embedding_gamma) : Norm(layout.embedding_gamma, layout.embedding_beta);
    AddLayerNorm(rows_, width, {.x = mine}, norm, mine, activations_.embedding_norm.From(first_, width));
    ApplyDropout(dropout_.At(config_, StepDropout::kEmbedding), first_, rows_, width, mine);
    if (activations_.embeddings == nullptr) return;
    Product(rows_, hidden_, width, mine, layout.project, input + first_ * hidden_);
    Bias(rows_, hidden_, layout.project_bias, input + first_ * hidden_);
  }

  void Attend(size_t l) {
    LayerActivations& layer = activations_.layers[l];
    const bool firsts = ComputesFirstsOnly(config_, l);
    const Dropout dropout = dropout_.At(config_, StepDropout::kAttention, l);
    ForEachHead(config_, layer, firsts, texts_, first_text_, last_text_, [&](const HeadPlace& at) {
      const float* query = layer.query + at.query_row * layer.query_stride + at.column;
      const size_t keys = at.token_row * layer.key_stride + at.column;
      const AttentionShape shape = ShapeWithBias(config_, activations_, l, at, scratch_);
      float* log_sum = layer.log_sum == nullptr ? nullptr : layer.log_sum + shape.first_row;
      Attention(shape, {query, layer.key + keys, layer.value + keys}, dropout,
                layer.context + at.query_row * hidden_ + at.column, log_sum, scratch_);
    });
  }

  void AverageTokens() {
    for (size_t t = first_text_; t < last_text_; ++t) {
      float* mean = activations_.features + t * hidden_;
      std::fill_n(mean, hidden_, 0.0f);
      for (size_t p = 0; p < texts_.length(t); ++p) {
        AddTo(hidden_, activations_.layers.back().output + (texts_.begin(t) + p) * hidden_, mean);
      }
      for (size_t i = 0; i < hidden_; ++i) mean[i] /= static_cast<float>(texts_.length(t));
    }
  }

  struct Rows {
    size_t first, count;
  };
  /// The rows that a layer computes behind its keys and values: tokens, or texts.
  Rows RowsOf(size_t l) const {
    if (ComputesFirstsOnly(config_, l)) return {first_text_, last_text_ - first_text_};
    return {first_, rows_};
  }

  void GatherFirstTokens(const float* from, float* to) {
    for (size_t t = first_text_; t < last_text_; ++t) {
      std::copy_n(from + texts_.begin(t) * hidden_, hidden_, to + t * hidden_);
    }
  }
  void Product(size_t rows, size_t out, size_t in, const float* x, size_t weight, float* y) {
    const auto columns = [&](size_t begin, size_t end, int) {
      MatMulNT(rows, end - begin, in, x, in, model_.at(weight) + begin * in, in, 0.0f, y + begin, out, products_);
    };
    constexpr size_t kShared = 1 << 16;  // multiplications from which waking the team pays
    if (team_ != nullptr && rows * out * in >= kShared) {
      team_->ForRanges(out, 64, columns);
    } else {
      columns(0, out, 0);
    }
  }
  void Bias(size_t rows, size_t n, size_t bias, float* x) {
    BiasActivation(Activation::kIdentity, rows, n, x, model_.at(bias), x);
  }
  LayerNormWeights Norm(size_t gamma, size_t beta) const {
    return {model_.at(gamma), model_.at(beta), config_.layer_norm_eps};
  }
  LayerNormWeights Norm(size_t gamma) const { return {model_.at(gamma), nullptr, config_.layer_norm_eps}; }

  const Model& model_;
  const ModelConfig& config_;
  const PackedTexts& texts_;
  const size_t first_text_, last_text_;
  const size_t first_, rows_;  // tokens
  const size_t hidden_, intermediate_;
  const StepDropout& dropout_;
  const MatMulOptions products_;
  Activations& activations_;
  AttentionScratch& scratch_;
  ThreadPool* team_;
};

}  // namespace

Dropout StepDropout::At(const ModelConfig& config, Place place, size_t layer) const {
  if (!enabled) return {};
  float probability = config.hidden_dropout;
  if (place == kAttention) probability = config.attention_dropout;
  if (place == kHead) probability = config.classifier_dropout;
  if (place == kHeadInput) {
    probability = config.architecture == Architecture::kDebertaV2 ? config.pooler_dropout : config.classifier_dropout;
  }
  // DistilBERT normalizes attention's output without a dropout before, ALBERT the layer's.
  if (place == kAttentionOutput && config.architecture == Architecture::kDistilBert) probability = 0;
  if (place == kOutput && config.architecture == Architecture::kAlbert) probability = 0;
  if (config.architecture == Architecture::kModernBert) {
    if (place == kEmbedding) probability = config.embedding_dropout;
    if (place == kAttentionOutput) probability = config.attention_dropout;
  }
  return {.key = Dropout::MixKey(Dropout::MixKey(key, static_cast<uint64_t>(place)), layer),
          .probability = probability};
}

void Forward(const Model& model, const PackedTexts& texts, size_t first_text, size_t last_text,
             const StepDropout& dropout, const MatMulOptions& products, Activations& activations,
             AttentionScratch& scratch) {
  if (first_text < last_text) {
    ForwardPass(model, model.config(), texts, first_text, last_text, dropout, products, activations, scratch).Run();
  }
}

void ForwardLayer(const Model& model, const PackedTexts& texts, size_t first_text, size_t last_text, size_t layer,
                  const StepDropout& dropout, const MatMulOptions& products, Activations& activations,
                  AttentionScratch& scratch) {
  if (first_text < last_text) {
    ForwardPass(model, model.config(), texts, first_text, last_text, dropout, products, activations, scratch)
        .Layer(layer);
  }
}

std::span<const float> ForwardRunner::Logits(const PackedTexts& texts) {
  Run(texts, model_.config(), Output::kLogits);
  return {activations_.logits, texts.texts() * model_.config().labels.size()};
}

/// `config` is that of the model, or one that differs from it in mean_pooling alone.
void ForwardRunner::Run(const PackedTexts& texts, const ModelConfig& config, Output output) {
  activations_.Prepare(config, texts, Activations::Keep::kNothing);
  if (model_.config().relative_span > 0) {
    // For somewhat longer texts too, so that it is seldom done again.
    const size_t longest = LongestOf(texts);
    if (longest > activations_.relative.longest()) {
      const auto most = static_cast<size_t>(MaxTokens(model_.config()));
      activations_.relative.Compute(model_, std::min(RoundUp(longest, 32), most), {}, Precision::kF32,
                                    /*keep=*/false, pool_);
    }
  }
  if (model_.config().bias_buckets > 0) {
    activations_.position_bias.Compute(model_.config(), model_.at(model_.layout().attention_bias), LongestOf(texts));
  }
  if (IsPreNorm(model_.config())) activations_.rotary.Prepare(model_.config(), LongestOf(texts));
  const auto compute = [&](size_t first, size_t last, AttentionScratch& scratch, ThreadPool* team) {
    if (first == last) return;
    const StepDropout none;
    ForwardPass pass(model_, config, texts, first, last, none, Precision::kF32, activations_, scratch, team);
    if (output == Output::kLogits) {
      pass.Run();
    } else {
      pass.ComputeFeatures();
    }
  };
  // Fewer texts than threads: all of them compute one text after the other together.
  if (texts.texts() < static_cast<size_t>(pool_.size())) return compute(0, texts.texts(), scratch_[0], &pool_);
  const std::vector<size_t> cuts = CutByTokens(texts, pool_.size());
  pool_.Run([&](int thread) {
    const auto i = static_cast<size_t>(thread);
    compute(cuts[i], cuts[i + 1], scratch_[i], nullptr);
  });
}

namespace {

/// Calls run(batch, first text) for batches of all `texts`, in their order, of `max_texts` at most (0: as many as fit),
/// until `done` stops it.
template <class Run>
void InBatches(const PackedTexts& texts, size_t max_texts, const std::function<bool(size_t)>& done, const Run& run) {
  constexpr size_t kBatchTokens =
      8192;  // enough rows for the products' full speed on several cores; about 100 MB for MiniLM
  PackedBatch batch;
  for (size_t t = 0; t < texts.texts();) {
    const size_t first = t;
    batch.Clear();
    do {
      batch.AppendText(texts, t);
      ++t;
    } while (t < texts.texts() && batch.ids.size() + texts.length(t) <= kBatchTokens &&
             (max_texts == 0 || t - first < max_texts));
    run(batch.view(), first);
    if (done && !done(t)) break;
  }
}

}  // namespace

std::vector<float> ForwardRunner::AllLogits(const PackedTexts& texts, const std::function<bool(size_t)>& done,
                                            size_t max_texts) {
  const size_t labels = model_.config().labels.size();
  std::vector<float> logits(texts.texts() * labels, 0.0f);
  InBatches(texts, max_texts, done, [&](const PackedTexts& batch, size_t first) {
    std::ranges::copy(Logits(batch), logits.begin() + static_cast<std::ptrdiff_t>(first * labels));
  });
  return logits;
}

FloatBuffer ForwardRunner::AllFeatures(const PackedTexts& texts, const std::function<bool(size_t)>& done) {
  const auto hidden = static_cast<size_t>(model_.config().hidden_size);
  FloatBuffer features(texts.texts() * hidden);
  InBatches(texts, /*max_texts=*/0, done, [&](const PackedTexts& batch, size_t first) {
    Logits(batch);
    std::copy_n(activations_.features, batch.texts() * hidden, features.data() + first * hidden);
  });
  return features;
}

FloatBuffer ForwardRunner::AllMeans(const PackedTexts& texts, const std::function<bool(size_t done)>& done) {
  if (!mean_config_.mean_pooling) {
    mean_config_ = model_.config();
    mean_config_.mean_pooling = true;
  }
  const auto hidden = static_cast<size_t>(mean_config_.hidden_size);
  FloatBuffer means(texts.texts() * hidden);
  InBatches(texts, /*max_texts=*/0, done, [&](const PackedTexts& batch, size_t first) {
    Run(batch, mean_config_, Output::kFeatures);
    std::copy_n(activations_.features, batch.texts() * hidden, means.data() + first * hidden);
  });
  return means;
}

}  // namespace winnow
