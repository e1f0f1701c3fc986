// Rows pass from product to product as bytes, each with its own scale; in between they are floats for as long as it
// takes to add, normalize or attend. A panel of a few texts at a time goes through a whole layer, so that what a
// product writes is still in the second-level cache when the next one reads it.
#include "encoder/quantized_forward.h"

#include <algorithm>
#include <cstring>

#include "encoder/activation_functions.h"
#include "encoder/cutter.h"
#include "encoder/heads.h"
#include "kernels/activation.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

constexpr size_t kPanelRows = 96;  // about; times 1,536 floats: a quarter of a second-level cache

/// A team member's share of [0, count), in whole units.
Part Share(const Team& team, size_t count, size_t unit = 1) {
  const size_t units = (count + unit - 1) / unit;
  const auto at = [&](int rank) {
    return std::min(count, units * static_cast<size_t>(rank) / static_cast<size_t>(team.size) * unit);
  };
  return {at(team.rank), at(team.rank + 1)};
}

class Pass {
 public:
  Pass(const QuantizedModel& model, const PackedTexts& texts, size_t first_text, size_t last_text,
       QuantizedScratch& scratch, const Team& team, PassOutput output)
      : model_(model),
        config_(model.config()),
        texts_(texts),
        first_text_(first_text),
        num_texts_(last_text - first_text),
        first_token_(texts.begin(first_text)),
        tokens_(static_cast<size_t>(texts.offsets[last_text]) - first_token_),
        hidden_(static_cast<size_t>(config_.hidden_size)),
        intermediate_(static_cast<size_t>(config_.intermediate_size)),
        block_(model.qkv_block()),
        s_(scratch),
        team_(team),
        output_(output) {}

  void Run(float* rows) {
    Embed();
    for (size_t l = 0; l < model_.num_layers(); ++l) {
      if (output_ == PassOutput::kLogits && ComputesFirstsOnly(config_, l)) {
        FirstTokensLayer(l);
      } else {
        WholeLayer(l);
      }
    }
    if (output_ == PassOutput::kLogits) return Head(rows);
    const Part mine = Share(team_, num_texts_);
    AverageTokens(mine, rows);
    team_.Wait();
  }

 private:
  size_t length(size_t text) const { return texts_.length(first_text_ + text); }
  size_t begin(size_t text) const { return static_cast<size_t>(texts_.offsets[first_text_ + text]) - first_token_; }

  /// Calls `function` for panels, which are texts that go through a layer together. All members of the team call this
  /// with the same panels in the same order.
  template <class Function>
  void ForPanels(const Function& function) {
    Cutter cutter(texts_, first_text_, first_text_ + num_texts_, PartsOf(tokens_, kPanelRows));
    for (Part texts; (texts = cutter.Cut()).begin < texts.end;) {
      function(Part{texts.begin - first_text_, texts.end - first_text_});
    }
  }

  void WholeLayer(size_t l) {
    const QuantizedLayer& layer = model_.layer(l);
    ForPanels([&](const Part& texts) {
      const size_t row = begin(texts.begin);
      const size_t rows = begin(texts.end) - row;
      Product(rows, InputOfRow(row), layer.qkv, 0, 3 * block_, layer.qkv_bias.data(), s_.qkv.data(), 3 * block_);
      team_.Wait();
      Attend(l, texts, /*firsts=*/false, s_.context.data());
      team_.Wait();
      const bool bytes = l + 1 < model_.num_layers() && model_.layer(l + 1).qkv.of_bytes();
      RestOfLayer(l, rows, s_.context.data(), s_.x.data() + row * hidden_,
                  IsPreNorm(config_) ? s_.normed.data() + row * hidden_ : nullptr,
                  bytes ? s_.bytes.data() + row * ByteStride(hidden_) : nullptr, s_.scales.data() + row);
    });
  }

  void Embed() {
    const auto width = static_cast<size_t>(EmbeddingSize(config_));
    const bool project = config_.embedding_size > 0;
    float* embeddings = project ? s_.embeddings.data() : s_.x.data();
    const Part mine = Share(team_, num_texts_);
    for (size_t t = mine.begin; t < mine.end; ++t) {
      const size_t row = begin(t);
      float* x = embeddings + row * width;
      model_.Embed(texts_.ids.subspan(first_token_ + row, length(t)), texts_.first_length(first_text_ + t), x);
      AddLayerNorm(length(t), width, {.x = x},
                   {model_.embedding_gamma(), model_.embedding_beta(), config_.layer_norm_eps}, x);
    }
    if (project) {
      team_.Wait();
      // In bf16, as the head.
      Product(tokens_, {nullptr, nullptr, embeddings}, model_.project(), 0, hidden_, model_.project_bias(), s_.x.data(),
              hidden_);
      team_.Wait();
    }
    for (size_t t = mine.begin; IsPreNorm(config_) && t < mine.end; ++t) {  // they are normalized already
      std::copy_n(s_.x.data() + begin(t) * hidden_, length(t) * hidden_, s_.normed.data() + begin(t) * hidden_);
    }
    if (model_.layer(0).qkv.of_bytes()) {
      for (size_t t = mine.begin; t < mine.end; ++t) {
        const size_t row = begin(t);
        QuantizeRows(length(t), hidden_, s_.x.data() + row * hidden_, s_.bytes.data() + row * ByteStride(hidden_),
                     s_.scales.data() + row);
      }
    }
    team_.Wait();
  }

  /// The last layer: keys and values of all tokens, and everything else of each text's first alone.
  void FirstTokensLayer(size_t l) {
    const QuantizedLayer& layer = model_.layer(l);
    const bool pre_norm = IsPreNorm(config_);
    const float* query_input = pre_norm ? s_.first_normed.data() : s_.first_x.data();
    const size_t stride = ByteStride(hidden_);
    const Part mine = Share(team_, num_texts_);
    for (size_t t = mine.begin; t < mine.end; ++t) {
      const size_t row = begin(t);
      std::copy_n(s_.x.data() + row * hidden_, hidden_, s_.first_x.data() + t * hidden_);
      if (pre_norm) std::copy_n(s_.normed.data() + row * hidden_, hidden_, s_.first_normed.data() + t * hidden_);
      if (!layer.qkv.of_bytes()) continue;
      std::memcpy(s_.first_bytes.data() + t * stride, s_.bytes.data() + row * stride, stride);
      s_.first_scales.data()[t] = s_.scales.data()[row];
    }
    team_.Wait();
    Product(num_texts_, {s_.first_bytes.data(), s_.first_scales.data(), query_input}, layer.qkv, 0, block_,
            layer.qkv_bias.data(), s_.query.data(), block_);
    ForPanels([&](const Part& texts) {
      const size_t row = begin(texts.begin);
      Product(begin(texts.end) - row, InputOfRow(row), layer.qkv, block_, 3 * block_, layer.qkv_bias.data(),
              s_.qkv.data(), 3 * block_);
      team_.Wait();
      Attend(l, texts, /*firsts=*/true, s_.first_context.data() + texts.begin * hidden_);
      team_.Wait();
    });
    for (size_t row = 0; row < num_texts_; row += kPanelRows) {
      RestOfLayer(l, std::min(kPanelRows, num_texts_ - row), s_.first_context.data() + row * hidden_,
                  s_.first_x.data() + row * hidden_, nullptr, nullptr, nullptr);
    }
  }

  /// context [tokens of `texts`, or the texts, hidden]; `firsts`: of each text's first token alone.
  void Attend(size_t layer, const Part& texts, bool firsts, float* context) {
    if (IsPreNorm(config_)) {
      TurnByPositions(layer, texts, firsts);
      team_.Wait();
    }
    const auto heads = static_cast<size_t>(config_.num_heads);
    const size_t head_size = hidden_ / heads;
    const Part mine = Share(team_, (texts.end - texts.begin) * heads);
    for (size_t unit = mine.begin; unit < mine.end; ++unit) {
      const size_t t = texts.begin + unit / heads;
      const size_t column = unit % heads * head_size;
      const size_t row = begin(t) - begin(texts.begin);
      const float* q = firsts ? s_.query.data() + t * block_ : s_.qkv.data() + row * 3 * block_;
      const float* k = s_.qkv.data() + row * 3 * block_ + block_;
      AttentionShape shape{.queries = firsts ? 1 : length(t),
                           .tokens = length(t),
                           .head_size = head_size,
                           .q_stride = firsts ? block_ : 3 * block_,
                           .kv_stride = 3 * block_,
                           .out_stride = hidden_,
                           .first_row = 0};
      AttentionScratch& scratch = s_.attention[static_cast<size_t>(team_.rank)];
      if (config_.relative_span > 0) {
        AddRelativeScores(model_.relative_places(), model_.relative_head(layer, column), q + column, k + column, shape,
                          scratch);
      }
      if (config_.bias_buckets > 0) model_.position_bias().Apply(unit % heads, shape, scratch);
      if (IsLocalLayer(config_, layer)) {
        const bool written = unit > mine.begin && unit % heads > 0;
        ApplyLocalMask(static_cast<size_t>(config_.local_distance), written, shape, scratch);
      }
      Attention(shape, {q + column, k + column, k + block_ + column}, {},
                context + (firsts ? t - texts.begin : row) * hidden_ + column, /*log_sum=*/nullptr, scratch);
    }
  }

  /// Turns the panel's keys, and its queries unless they are of first tokens, whose angles are 0.
  void TurnByPositions(size_t layer, const Part& texts, bool firsts) {
    const bool local = IsLocalLayer(config_, layer);
    const Part mine = Share(team_, begin(texts.end) - begin(texts.begin));
    for (size_t t = texts.begin; t < texts.end; ++t) {
      const size_t row = begin(t) - begin(texts.begin);
      const size_t first = std::max(mine.begin, row), last = std::min(mine.end, row + length(t));
      for (size_t r = first; r < last; ++r) {
        float* qkv = s_.qkv.data() + r * 3 * block_;
        model_.rotary().Turn(local, r - row, /*back=*/false, qkv + block_);
        if (!firsts) model_.rotary().Turn(local, r - row, /*back=*/false, qkv);
      }
    }
  }

  /// The rest of a layer for some rows: x is overwritten with the layer's output. Where IsPreNorm, the next layer's
  /// normalization of it goes to `normed` (null: into x). Bytes of what the next layer reads, where they are wanted.
  void RestOfLayer(size_t l, size_t rows, const float* context, float* x, float* normed, uint8_t* bytes,
                   ByteScale* scales) {
    if (IsPreNorm(config_)) {
      PreNormRest(l, rows, context, x, normed, bytes, scales);
    } else {
      PostNormRest(model_.layer(l), rows, context, x, bytes, scales);
    }
  }

  void PreNormRest(size_t l, size_t rows, const float* context, float* x, float* normed, uint8_t* bytes,
                   ByteScale* scales) {
    const QuantizedLayer& layer = model_.layer(l);
    const Part mine = Share(team_, rows);
    const size_t count = mine.end - mine.begin;
    const size_t at = mine.begin * hidden_;
    const auto normalize = [&](const float* gamma, float* to) {
      AddLayerNorm(count, hidden_, {.x = x + at}, {gamma, nullptr, config_.layer_norm_eps}, to);
    };
    if (layer.out.of_bytes()) ToPanelBytes(mine, context, hidden_);
    team_.Wait();
    Product(rows, PanelInput(context), layer.out, 0, hidden_, nullptr, s_.product.data(), hidden_);
    team_.Wait();
    AddTo(count * hidden_, s_.product.data() + at, x + at);
    normalize(layer.output_gamma.data(), s_.product.data() + at);
    if (layer.up.of_bytes()) ToPanelBytes(mine, s_.product.data(), hidden_);
    team_.Wait();
    Product(rows, PanelInput(s_.product.data()), layer.up, 0, 2 * intermediate_, nullptr, s_.up.data(),
            2 * intermediate_);
    team_.Wait();
    GatedActivation(HiddenFunction(config_), count, intermediate_, s_.up.data() + mine.begin * 2 * intermediate_,
                    s_.gated.data() + mine.begin * intermediate_);
    if (layer.down.of_bytes()) ToPanelBytes(mine, s_.gated.data(), intermediate_);
    team_.Wait();
    Product(rows, PanelInput(s_.gated.data()), layer.down, 0, hidden_, nullptr, s_.product.data(), hidden_);
    team_.Wait();
    AddTo(count * hidden_, s_.product.data() + at, x + at);
    const bool last = l + 1 == model_.num_layers();
    float* to = (last || normed == nullptr ? x : normed) + at;
    normalize(last ? model_.final_gamma() : model_.layer(l + 1).attention_gamma.data(), to);
    if (bytes != nullptr) {
      QuantizeRows(count, hidden_, to, bytes + mine.begin * ByteStride(hidden_), scales + mine.begin);
    }
    team_.Wait();
  }

  void ToPanelBytes(const Part& mine, const float* values, size_t n) {
    QuantizeRows(mine.end - mine.begin, n, values + mine.begin * n, s_.panel_bytes.data() + mine.begin * ByteStride(n),
                 s_.panel_scales.data() + mine.begin);
  }

  void PostNormRest(const QuantizedLayer& layer, size_t rows, const float* context, float* x, uint8_t* x_bytes,
                    ByteScale* x_scales) {
    const Part mine = Share(team_, rows);
    const size_t count = mine.end - mine.begin;
    const size_t at = mine.begin * hidden_;
    const auto normalize = [&](const FloatBuffer& gamma, const FloatBuffer& beta) {
      AddLayerNorm(count, hidden_, {.x = s_.product.data() + at, .residual = x + at},
                   {gamma.data(), beta.data(), config_.layer_norm_eps}, x + at);
    };
    if (layer.out.of_bytes()) ToPanelBytes(mine, context, hidden_);
    team_.Wait();
    Product(rows, PanelInput(context), layer.out, 0, hidden_, layer.out_bias.data(), s_.product.data(), hidden_);
    team_.Wait();
    normalize(layer.attention_gamma, layer.attention_beta);
    if (layer.up.of_bytes()) ToPanelBytes(mine, x, hidden_);
    team_.Wait();
    Product(rows, PanelInput(x), layer.up, 0, intermediate_, layer.up_bias.data(), s_.up.data(), intermediate_,
            HiddenFunction(config_));
    team_.Wait();
    if (layer.down.of_bytes()) ToPanelBytes(mine, s_.up.data(), intermediate_);
    team_.Wait();
    Product(rows, PanelInput(s_.up.data()), layer.down, 0, hidden_, layer.down_bias.data(), s_.product.data(), hidden_);
    team_.Wait();
    normalize(layer.output_gamma, layer.output_beta);
    if (x_bytes != nullptr) {
      QuantizeRows(count, hidden_, x + at, x_bytes + mine.begin * ByteStride(hidden_), x_scales + mine.begin);
    }
    team_.Wait();
  }

  /// Writes the mean of each text's tokens to `means` [texts, hidden].
  void AverageTokens(const Part& mine, float* means) {
    for (size_t t = mine.begin; t < mine.end; ++t) {
      float* mean = means + t * hidden_;
      std::fill_n(mean, hidden_, 0.0f);
      for (size_t p = 0; p < length(t); ++p) AddTo(hidden_, s_.x.data() + (begin(t) + p) * hidden_, mean);
      for (size_t i = 0; i < hidden_; ++i) mean[i] /= static_cast<float>(length(t));
    }
  }

  void Head(float* logits) {
    const size_t num_labels = config_.labels.size();
    const Part mine = Share(team_, num_texts_);
    if (config_.mean_pooling) {
      AverageTokens(mine, s_.first_x.data());
      team_.Wait();
    }
    // In bf16, hence of floats.
    Product(num_texts_, {nullptr, nullptr, s_.first_x.data()}, model_.head_dense(), 0, hidden_,
            model_.head_dense_bias(), s_.first_context.data(), hidden_, HeadFunction(config_));
    team_.Wait();
    if (HasHeadNorm(config_)) {
      float* pooled = s_.first_context.data() + mine.begin * hidden_;
      AddLayerNorm(mine.end - mine.begin, hidden_, {.x = pooled},
                   {model_.head_gamma(), nullptr, config_.layer_norm_eps}, pooled);
      team_.Wait();
    }
    Product(num_texts_, {nullptr, nullptr, s_.first_context.data()}, model_.classifier(), 0, num_labels,
            model_.classifier_bias(), logits, num_labels);
  }

  ProductInput InputOfRow(size_t row) const {
    const float* floats = IsPreNorm(config_) ? s_.normed.data() : s_.x.data();
    return {s_.bytes.data() + row * ByteStride(hidden_), s_.scales.data() + row, floats + row * hidden_};
  }
  ProductInput PanelInput(const float* floats) const { return {s_.panel_bytes.data(), s_.panel_scales.data(), floats}; }

  /// This member's columns among first ... last-1.
  void Product(size_t rows, const ProductInput& x, const PackedWeights& weights, size_t first, size_t last,
               const float* bias, float* y, size_t stride, Activation activation = Activation::kIdentity) {
    const Part mine = Share(team_, last - first, kColumnBlock);
    if (mine.begin == mine.end) return;
    PackedProduct(rows, x, weights, first + mine.begin, first + mine.end, bias, activation, y, stride);
  }

  const QuantizedModel& model_;
  const ModelConfig& config_;
  const PackedTexts& texts_;
  const size_t first_text_, num_texts_;
  const size_t first_token_, tokens_;
  const size_t hidden_, intermediate_, block_;
  QuantizedScratch& s_;
  const Team& team_;
  const PassOutput output_;
};

}  // namespace

void QuantizedScratch::Prepare(const QuantizedModel& model, const Need& need, int team_size) {
  const auto [tokens, texts, longest] = need;
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  const auto intermediate = static_cast<size_t>(model.config().intermediate_size);
  const size_t block = model.qkv_block();
  // A panel ends with the text that fills it.
  const size_t rows = std::max(std::min(tokens, kPanelRows + longest), std::min(texts, kPanelRows));
  x.Resize(tokens * hidden);
  embeddings.Resize(tokens * static_cast<size_t>(model.config().embedding_size));
  bytes.Resize(tokens * ByteStride(hidden));
  scales.Resize(tokens);
  qkv.Resize(rows * 3 * block);
  context.Resize(rows * hidden);
  panel_bytes.Resize(rows * ByteStride(std::max(hidden, intermediate)));
  panel_scales.Resize(rows);
  product.Resize(rows * hidden);
  up.Resize(rows * (IsPreNorm(model.config()) ? 2 * intermediate : intermediate));
  if (IsPreNorm(model.config())) {
    normed.Resize(tokens * hidden);
    first_normed.Resize(texts * hidden);
    gated.Resize(rows * intermediate);
  }
  first_x.Resize(texts * hidden);
  first_context.Resize(texts * hidden);
  query.Resize(texts * block);
  first_bytes.Resize(texts * ByteStride(hidden));
  first_scales.Resize(texts);
  if (attention.size() < static_cast<size_t>(team_size)) attention.resize(static_cast<size_t>(team_size));
  for (AttentionScratch& each : attention) {
    each.Reserve(hidden / static_cast<size_t>(model.config().num_heads), longest);
    if (model.config().relative_span > 0) each.ReserveRelative(longest);
    if (model.config().bias_buckets > 0 || !model.config().local_layers.empty())
      each.BiasFloats(longest * BiasStride(longest));
  }
}

void QuantizedForward(const QuantizedModel& model, const PackedTexts& texts, size_t first_text, size_t last_text,
                      QuantizedScratch& scratch, const Team& team, PassOutput output, float* rows) {
  if (first_text < last_text) Pass(model, texts, first_text, last_text, scratch, team, output).Run(rows);
}

}  // namespace winnow
