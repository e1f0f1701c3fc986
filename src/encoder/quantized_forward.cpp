// Rows pass from product to product as bytes, each with its own scale; in between they are floats for as long as it
// takes to add, normalise or attend. A panel of a few texts at a time goes through a whole layer, so that what a
// product writes is still in the second-level cache when the next one reads it.
#include "encoder/quantized_forward.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "encoder/activation_functions.h"
#include "encoder/heads.h"
#include "kernels/layer_norm.h"

namespace winnow {
namespace {

constexpr size_t kPanelRows = 96;     // about; times 1,536 floats: a quarter of a second-level cache
constexpr size_t kChunkTokens = 512;  // that a thread takes through all layers at once, about

struct Part {
  size_t begin, end;
};

/// Cuts texts first ... last-1 into parts of about equally many tokens, and none without a text.
class Cutter {
 public:
  Cutter(const PackedTexts& texts, size_t first, size_t last, size_t parts)
      : texts_(texts), last_(last), parts_(parts), begin_(texts.begin(first)), next_(first) {}

  /// The next part's texts; none when there are no more.
  Part Cut() {
    const size_t tokens = static_cast<size_t>(texts_.offsets[last_]) - begin_;
    Part cut{next_, next_};
    while (cut.begin == cut.end && part_ < parts_) {
      const size_t goal = begin_ + tokens * ++part_ / parts_;
      while (next_ < last_ && (part_ == parts_ || texts_.begin(next_) + texts_.length(next_) / 2 < goal)) ++next_;
      cut.end = next_;
    }
    return cut;
  }

 private:
  const PackedTexts& texts_;
  size_t last_;
  size_t parts_;
  size_t begin_;     // token
  size_t part_ = 0;  // the next that is cut off
  size_t next_;      // its first text
};

size_t PartsOf(size_t tokens, size_t each) { return std::max<size_t>(1, (tokens + each - 1) / each); }

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
       QuantizedScratch& scratch, const Team& team)
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
        team_(team) {}

  void Run(float* logits) {
    Embed();
    const size_t last = model_.num_layers() - 1;
    for (size_t l = 0; l < last; ++l) {
      const QuantizedLayer& layer = model_.layer(l);
      ForPanels([&](const Part& texts) {
        const size_t row = begin(texts.begin);
        const size_t rows = begin(texts.end) - row;
        Product(rows, InputOfRow(row), layer.qkv, 0, 3 * block_, layer.qkv_bias.data(), s_.qkv.data(), 3 * block_);
        team_.Wait();
        Attend(l, texts, /*firsts=*/false, s_.context.data());
        team_.Wait();
        RestOfLayer(layer, rows, s_.context.data(), s_.x.data() + row * hidden_,
                    model_.layer(l + 1).qkv.of_bytes() ? s_.bytes.data() + row * ByteStride(hidden_) : nullptr,
                    s_.scales.data() + row);
      });
    }
    LastLayer(model_.layer(last));
    Head(logits);
  }

 private:
  size_t length(size_t text) const { return texts_.length(first_text_ + text); }
  size_t begin(size_t text) const { return static_cast<size_t>(texts_.offsets[first_text_ + text]) - first_token_; }

  /// In turn, as all members of the team do: texts that go through a layer together.
  template <class Function>
  void ForPanels(const Function& function) {
    Cutter cutter(texts_, first_text_, first_text_ + num_texts_, PartsOf(tokens_, kPanelRows));
    for (Part texts; (texts = cutter.Cut()).begin < texts.end;) {
      function(Part{texts.begin - first_text_, texts.end - first_text_});
    }
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
      AddLayerNorm(length(t), width, x, nullptr, {}, 0, nullptr,
                   {model_.embedding_gamma(), model_.embedding_beta(), config_.layer_norm_eps}, x, nullptr, nullptr);
    }
    if (project) {
      team_.Wait();
      // In bf16, as the head.
      Product(tokens_, {nullptr, nullptr, embeddings}, model_.project(), 0, hidden_, model_.project_bias(), s_.x.data(),
              hidden_);
      team_.Wait();
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
  void LastLayer(const QuantizedLayer& layer) {
    const size_t stride = ByteStride(hidden_);
    const Part mine = Share(team_, num_texts_);
    for (size_t t = mine.begin; t < mine.end; ++t) {
      const size_t row = begin(t);
      std::copy_n(s_.x.data() + row * hidden_, hidden_, s_.first_x.data() + t * hidden_);
      if (!layer.qkv.of_bytes()) continue;
      std::memcpy(s_.first_bytes.data() + t * stride, s_.bytes.data() + row * stride, stride);
      s_.first_scales.data()[t] = s_.scales.data()[row];
    }
    team_.Wait();
    Product(num_texts_, {s_.first_bytes.data(), s_.first_scales.data(), s_.first_x.data()}, layer.qkv, 0, block_,
            layer.qkv_bias.data(), s_.query.data(), block_);
    ForPanels([&](const Part& texts) {
      const size_t row = begin(texts.begin);
      Product(begin(texts.end) - row, InputOfRow(row), layer.qkv, block_, 3 * block_, layer.qkv_bias.data(),
              s_.qkv.data(), 3 * block_);
      team_.Wait();
      Attend(model_.num_layers() - 1, texts, /*firsts=*/true, s_.first_context.data() + texts.begin * hidden_);
      team_.Wait();
    });
    for (size_t row = 0; row < num_texts_; row += kPanelRows) {
      RestOfLayer(layer, std::min(kPanelRows, num_texts_ - row), s_.first_context.data() + row * hidden_,
                  s_.first_x.data() + row * hidden_, nullptr, nullptr);
    }
  }

  /// context [tokens of `texts`, or the texts, hidden]; `firsts`: of each text's first token alone.
  void Attend(size_t layer, const Part& texts, bool firsts, float* context) {
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
      Attention(shape, q + column, k + column, k + block_ + column, {},
                context + (firsts ? t - texts.begin : row) * hidden_ + column, nullptr, scratch);
    }
  }

  /// The rest of a layer for some rows: x is overwritten with the layer's output, and its bytes where they are wanted.
  void RestOfLayer(const QuantizedLayer& layer, size_t rows, const float* context, float* x, uint8_t* x_bytes,
                   ByteScale* x_scales) {
    const Part mine = Share(team_, rows);
    const size_t count = mine.end - mine.begin;
    const size_t at = mine.begin * hidden_;
    const auto to_panel_bytes = [&](const float* values, size_t n) {
      QuantizeRows(count, n, values + mine.begin * n, s_.panel_bytes.data() + mine.begin * ByteStride(n),
                   s_.panel_scales.data() + mine.begin);
    };
    const auto normalise = [&](const FloatBuffer& gamma, const FloatBuffer& beta) {
      AddLayerNorm(count, hidden_, s_.product.data() + at, nullptr, {}, 0, x + at,
                   {gamma.data(), beta.data(), config_.layer_norm_eps}, x + at, nullptr, nullptr);
    };
    if (layer.out.of_bytes()) to_panel_bytes(context, hidden_);
    team_.Wait();
    Product(rows, PanelInput(context), layer.out, 0, hidden_, layer.out_bias.data(), s_.product.data(), hidden_);
    team_.Wait();
    normalise(layer.attention_gamma, layer.attention_beta);
    if (layer.up.of_bytes()) to_panel_bytes(x, hidden_);
    team_.Wait();
    Product(rows, PanelInput(x), layer.up, 0, intermediate_, layer.up_bias.data(), s_.up.data(), intermediate_,
            HiddenFunction(config_));
    team_.Wait();
    if (layer.down.of_bytes()) to_panel_bytes(s_.up.data(), intermediate_);
    team_.Wait();
    Product(rows, PanelInput(s_.up.data()), layer.down, 0, hidden_, layer.down_bias.data(), s_.product.data(), hidden_);
    team_.Wait();
    normalise(layer.output_gamma, layer.output_beta);
    if (x_bytes != nullptr) {
      QuantizeRows(count, hidden_, x + at, x_bytes + mine.begin * ByteStride(hidden_), x_scales + mine.begin);
    }
    team_.Wait();
  }

  void Head(float* logits) {
    const size_t num_labels = config_.labels.size();
    // In bf16, hence of floats.
    Product(num_texts_, {nullptr, nullptr, s_.first_x.data()}, model_.head_dense(), 0, hidden_,
            model_.head_dense_bias(), s_.first_context.data(), hidden_, HeadFunction(config_));
    team_.Wait();
    Product(num_texts_, {nullptr, nullptr, s_.first_context.data()}, model_.classifier(), 0, num_labels,
            model_.classifier_bias(), logits, num_labels);
  }

  ProductInput InputOfRow(size_t row) const {
    return {s_.bytes.data() + row * ByteStride(hidden_), s_.scales.data() + row, s_.x.data() + row * hidden_};
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
  up.Resize(rows * intermediate);
  first_x.Resize(texts * hidden);
  first_context.Resize(texts * hidden);
  query.Resize(texts * block);
  first_bytes.Resize(texts * ByteStride(hidden));
  first_scales.Resize(texts);
  if (attention.size() < static_cast<size_t>(team_size)) attention.resize(static_cast<size_t>(team_size));
  for (AttentionScratch& each : attention) {
    each.Reserve(hidden / static_cast<size_t>(model.config().num_heads), longest);
    if (model.config().relative_span > 0) each.ReserveRelative(longest);
    if (model.config().bias_buckets > 0) each.BiasFloats(longest * BiasStride(longest));
  }
}

void QuantizedForward(const QuantizedModel& model, const PackedTexts& texts, size_t first_text, size_t last_text,
                      QuantizedScratch& scratch, const Team& team, float* logits) {
  if (first_text < last_text) Pass(model, texts, first_text, last_text, scratch, team).Run(logits);
}

namespace {

/// What the largest of all parts takes.
QuantizedScratch::Need LargestOf(const PackedTexts& texts, Cutter cutter) {
  QuantizedScratch::Need need{};
  for (Part part; (part = cutter.Cut()).begin < part.end;) {
    need.tokens = std::max(need.tokens, static_cast<size_t>(texts.offsets[part.end]) - texts.begin(part.begin));
    need.texts = std::max(need.texts, part.end - part.begin);
  }
  for (size_t t = 0; t < texts.texts(); ++t) need.longest = std::max(need.longest, texts.length(t));
  return need;
}

}  // namespace

/// One call of Logits, whose parts threads take one after the other.
struct QuantizedRunner::Job {
  const PackedTexts& texts;
  std::span<float> logits;
  const std::function<bool(size_t)>& done;
  size_t num_labels;
  Cutter cutter;                          // guarded by the mutex once threads run
  size_t finished GUARDED_BY(mutex) = 0;  // texts
  bool stopped GUARDED_BY(mutex) = false;
  Mutex mutex{};

  /// The next part's texts; none when there are no more.
  Part Take() {
    const MutexLock lock(mutex);
    return stopped ? Part{} : cutter.Cut();
  }
  void Finish(const Part& taken) {
    const MutexLock lock(mutex);
    finished += taken.end - taken.begin;
    if (done && !stopped && !done(finished)) stopped = true;
  }

  float* LogitsOf(const Part& taken) const { return logits.data() + taken.begin * num_labels; }
};

QuantizedRunner::QuantizedRunner(const QuantizedModel& model, ThreadPool& pool)
    : model_(model), pool_(pool), barrier_(pool.size()), scratch_(static_cast<size_t>(pool.size())) {}

void QuantizedRunner::Logits(const PackedTexts& texts, std::span<float> logits, const std::function<bool(size_t)>& done,
                             PoolUse use) {
  const auto threads = static_cast<size_t>(pool_.size());
  std::unique_lock lock(pool_mutex_, std::defer_lock);
  if (use == PoolUse::kIfFree) (void)lock.try_lock();
  const bool deal = lock.owns_lock() && texts.texts() >= threads;
  Job job{.texts = texts,
          .logits = logits,
          .done = done,
          .num_labels = model_.config().labels.size(),
          .cutter = {texts, 0, texts.texts(),
                     deal ? threads * PartsOf(texts.tokens(), threads * kChunkTokens)
                          : PartsOf(texts.tokens(), kChunkTokens)}};
  const QuantizedScratch::Need need = LargestOf(texts, job.cutter);
  if (!lock.owns_lock()) {
    RunAlone(job, need);
  } else if (!deal) {
    RunTogether(job, need);
  } else {
    // Any thread may come to take the largest part, so each is ready for it.
    for (QuantizedScratch& scratch : scratch_) scratch.Prepare(model_, need, 1);
    pool_.Run([this, &job](int thread) { RunParts(job, scratch_[static_cast<size_t>(thread)]); });
  }
}

/// All threads on each part.
void QuantizedRunner::RunTogether(Job& job, const QuantizedScratch::Need& need) {
  scratch_[0].Prepare(model_, need, pool_.size());
  for (Part part; (part = job.Take()).begin < part.end; job.Finish(part)) {
    const auto run = [&](int rank) {
      QuantizedForward(model_, job.texts, part.begin, part.end, scratch_[0], {rank, pool_.size(), &barrier_},
                       job.LogitsOf(part));
    };
    pool_.Run([&run](int rank) { run(rank); });  // small enough to need no memory
  }
}

/// One thread, part after part.
void QuantizedRunner::RunParts(Job& job, QuantizedScratch& scratch) {
  for (Part part; (part = job.Take()).begin < part.end; job.Finish(part)) {
    QuantizedForward(model_, job.texts, part.begin, part.end, scratch, {}, job.LogitsOf(part));
  }
}

void QuantizedRunner::RunAlone(Job& job, const QuantizedScratch::Need& need) {
  // The pool is at work for another caller, or meant for others.
  std::unique_ptr<QuantizedScratch> scratch;
  {
    const MutexLock lock(spare_mutex_);
    if (!spare_.empty()) {
      scratch = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<QuantizedScratch>();
  scratch->Prepare(model_, need, 1);
  RunParts(job, *scratch);
  const MutexLock lock(spare_mutex_);
  spare_.push_back(std::move(scratch));
}

}  // namespace winnow
