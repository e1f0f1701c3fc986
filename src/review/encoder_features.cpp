// Embeddings by the encoder of a base model, which has no classification head, or of a fine-tuned model.
#include <algorithm>
#include <memory>
#include <numeric>
#include <system_error>

#include "bundle/find.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "classify/embedding.h"
#include "classify/scorer.h"
#include "classify/text_encoder.h"
#include "encoder/forward.h"
#include "encoder/model.h"
#include "review/text_features.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTextsAtOnce = 256;
constexpr int kMostTokens = 256;  // of a text: as sentence encoders are trained

/// Computes of texts the means over the tokens of each window, and the numbers of tokens of the windows.
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual size_t size() const = 0;
  virtual Result<void> Embed(std::span<const InputTextView> texts, TokenizedTexts& tokens,
                             std::vector<float>& means) = 0;
};

/// The encoder of a model that classifies.
class ModelEmbedder : public Embedder {
 public:
  explicit ModelEmbedder(ScoredBundle bundle) : bundle_(std::move(bundle)) {}
  size_t size() const override { return bundle_.scorer->embedding_size(); }
  Result<void> Embed(std::span<const InputTextView> texts, TokenizedTexts& tokens, std::vector<float>& means) override {
    PreparedTexts prepared;
    bundle_.scorer->Prepare(texts, prepared);
    means.resize(prepared.tokens.windows.texts() * size());
    TRY(bundle_.scorer->Embed(prepared, means, PoolUse::kIfFree));
    tokens = std::move(prepared.tokens);
    return {};
  }

 private:
  ScoredBundle bundle_;
};

/// The encoder of a base model.
class BaseEmbedder : public Embedder {
 public:
  static Result<std::unique_ptr<Embedder>> Load(const fs::path& directory, ModelConfig config, ThreadPool& pool) {
    config.labels = {"0", "1"};  // of a head that nobody uses
    Tokenizer tokenizer = TRY(Tokenizer::Load(directory));
    const int length = std::min(kMostTokens, MaxTokens(config));
    Model model = TRY(Model::Load(directory, std::move(config), {.create_head = true}));
    return std::unique_ptr<Embedder>(new BaseEmbedder(std::move(tokenizer), std::move(model), length, pool));
  }
  size_t size() const override { return static_cast<size_t>(model_.config().hidden_size); }
  Result<void> Embed(std::span<const InputTextView> texts, TokenizedTexts& tokens, std::vector<float>& means) override {
    tokens.Clear();
    encoder_.Encode(texts, tokens);
    const PackedTexts packed = tokens.windows.view();
    TRY(CheckBatch(model_.config(), packed));
    const auto computed = runner_.AllMeans(packed);
    means.assign(computed.span().begin(), computed.span().end());
    return model_.CheckFile();
  }

 private:
  BaseEmbedder(Tokenizer tokenizer, Model model, int length, ThreadPool& pool)
      : tokenizer_(std::move(tokenizer)),
        model_(std::move(model)),
        encoder_(tokenizer_, {.max_length = length}),
        runner_(model_, pool) {}

  const Tokenizer tokenizer_;
  const Model model_;
  TextEncoder encoder_;
  ForwardRunner runner_;
};

Result<std::unique_ptr<Embedder>> LoadEmbedder(const fs::path& model, ThreadPool& pool) {
  ModelConfig config = TRY(ReadModelConfig(model));
  if (config.labels.empty()) return BaseEmbedder::Load(model, std::move(config), pool);
  return std::make_unique<ModelEmbedder>(TRY(LoadScorer(model, pool, Weights::kAuto)));
}

}  // namespace

bool HasEncoder(const fs::path& model) {
  std::error_code ignored;
  return HasWeights(model) && fs::exists(model / "config.json", ignored) && !fs::exists(model / "linear.bin", ignored);
}

Result<TextFeatures> EncoderFeatures(const fs::path& model, std::span<const std::string_view> texts, int threads,
                                     const FeatureProgress& progress) {
  if (!HasEncoder(model)) {
    return Fail(ErrorCode::kUnsupported, model.string() + ": the model has no encoder, so it has no embeddings",
                "use a base model or a fine-tuned transformer, or features by TF-IDF");
  }
  ThreadPool pool(threads);
  const std::unique_ptr<Embedder> embedder = TRY(LoadEmbedder(model, pool));
  TextFeatures features{.columns = embedder->size(), .values = {}};
  features.values.resize(texts.size() * features.columns);
  // Texts of like length together: longer ones first, so that the time left is not underestimated.
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t text) { return texts[text].size(); });
  TokenizedTexts tokens;
  std::vector<float> means;
  for (size_t begin = 0; begin < order.size(); begin += kTextsAtOnce) {
    const size_t end = std::min(order.size(), begin + kTextsAtOnce);
    std::vector<InputTextView> part;
    for (size_t i = begin; i < end; ++i) part.emplace_back(texts[order[i]]);
    TRY(embedder->Embed(part, tokens, means));
    std::vector<int32_t> lengths;
    for (size_t i = begin; i < end; ++i) {
      const auto first = static_cast<size_t>(tokens.begins[i - begin]);
      const auto last = static_cast<size_t>(tokens.begins[i - begin + 1]);
      lengths.clear();
      for (size_t window = first; window < last; ++window) {
        lengths.push_back(static_cast<int32_t>(tokens.windows.view().length(window)));
      }
      PoolEmbedding(std::span(means).subspan(first * features.columns, (last - first) * features.columns), lengths,
                    std::span(features.values).subspan(order[i] * features.columns, features.columns));
    }
    if (progress && !progress(end)) return Fail(ErrorCode::kCancelled, "stopped");
  }
  return features;
}

}  // namespace winnow
