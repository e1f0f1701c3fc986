#include "classify/classifier.h"

#include <algorithm>

#include "decide/probabilities.h"
#include "encoder/batch.h"
#include "encoder/forward.h"
#include "encoder/model.h"
#include "tokenize/tokenizer.h"

namespace winnow {

struct Classifier::Parts {
  Parts(Manifest m, Tokenizer t, Model loaded, ThreadPool& pool)
      : manifest(std::move(m)), tokenizer(std::move(t)), model(std::move(loaded)), runner(model, pool) {}

  Manifest manifest;
  Tokenizer tokenizer;
  Model model;
  ForwardRunner runner;
  int32_t positive_label = -1;
};

Classifier::Classifier(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Result<Classifier> Classifier::Load(const std::filesystem::path& bundle, ThreadPool& pool) {
  Manifest manifest = TRY(ReadManifest(bundle));
  ModelConfig config = TRY(ReadModelConfig(bundle));
  if (config.labels.empty()) {
    return Fail(ErrorCode::kInvalidModel,
                bundle.string() + ": config.json has no labels, so this is a base model without a classifier",
                "fine-tune it first: winnow train DATA --base-model " + bundle.string() + " --output-dir DIR");
  }
  Tokenizer tokenizer = TRY(Tokenizer::Load(bundle));
  if (tokenizer.vocab_size() > config.vocab_size) {
    return Fail(ErrorCode::kInvalidModel,
                bundle.string() + ": the tokenizer has " + std::to_string(tokenizer.vocab_size()) +
                    " tokens, but config.json says " + std::to_string(config.vocab_size),
                "the tokenizer files and config.json are of different models");
  }
  Model model = TRY(Model::Load(bundle, std::move(config), {}));
  auto parts = std::make_unique<Parts>(std::move(manifest), std::move(tokenizer), std::move(model), pool);
  parts->manifest.max_length = std::min(parts->manifest.max_length, parts->model.config().max_positions);
  const auto& labels = parts->model.config().labels;
  if (!parts->manifest.positive_label.empty()) {
    const auto found = std::ranges::find(labels, parts->manifest.positive_label);
    if (found == labels.end()) {
      return Fail(ErrorCode::kInvalidModel, bundle.string() + ": winnow.json's positive_label '" +
                                                parts->manifest.positive_label + "' is none of config.json's labels");
    }
    parts->positive_label = static_cast<int32_t>(found - labels.begin());
  }
  return Classifier(std::move(parts));
}

const std::vector<std::string>& Classifier::labels() const { return parts_->model.config().labels; }
bool Classifier::multi_label() const { return parts_->model.config().multi_label; }
const Manifest& Classifier::manifest() const { return parts_->manifest; }
int32_t Classifier::positive_label() const { return parts_->positive_label; }

Result<std::vector<float>> Classifier::Probabilities(std::span<const std::string_view> texts, bool segmented,
                                                     const std::function<bool(size_t)>& progress) const {
  PackedBatch batch;
  for (const std::string_view text : texts) {
    const int max_length = parts_->manifest.max_length;
    if (segmented) {
      parts_->tokenizer.EncodeSegments(text, max_length, batch.ids);
    } else {
      parts_->tokenizer.Encode(text, max_length, batch.ids);
    }
    batch.EndText();
  }
  TRY(CheckBatch(parts_->model.config(), batch.view()));
  bool stopped = false;
  std::vector<float> values = parts_->runner.AllLogits(batch.view(), [&](size_t done) {
    stopped = progress && !progress(done);
    return !stopped;
  });
  if (stopped) return Fail(ErrorCode::kCancelled, "stopped");
  const auto labels_count = static_cast<int>(labels().size());
  if (multi_label()) {
    Sigmoid(values, parts_->manifest.temperature, values);
  } else {
    Softmax(values, labels_count, parts_->manifest.temperature, values);
  }
  return values;
}

Decision Classifier::DecideOne(std::span<const float> probabilities, const ClassifyOptions& options) const {
  const Thresholds& thresholds = parts_->manifest.thresholds;
  const ModeThresholds by_mode{.strict = static_cast<float>(thresholds.strict),
                               .moderate = static_cast<float>(thresholds.moderate),
                               .lenient = static_cast<float>(thresholds.lenient)};
  const DecideOptions decide{.positive_label = parts_->positive_label,
                             .threshold = by_mode.At(options.mode),
                             .abstain_below = options.abstain_below};
  return multi_label() ? DecideMultiLabel(probabilities, {}, decide) : Decide(probabilities, decide);
}

Result<std::vector<Prediction>> Classifier::Classify(std::span<const std::string_view> texts,
                                                     const ClassifyOptions& options, bool segmented,
                                                     const std::function<bool(size_t)>& progress) const {
  const std::vector<float> probabilities = TRY(Probabilities(texts, segmented, progress));
  const size_t count = labels().size();
  std::vector<Prediction> predictions(texts.size());
  for (size_t t = 0; t < texts.size(); ++t) {
    const auto row = std::span(probabilities).subspan(t * count, count);
    predictions[t].probabilities.assign(row.begin(), row.end());
    predictions[t].decision = DecideOne(row, options);
  }
  return predictions;
}

}  // namespace winnow
