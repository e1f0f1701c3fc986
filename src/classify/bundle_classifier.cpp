#include "classify/bundle_classifier.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "decide/label_thresholds.h"
#include "decide/probabilities.h"
#include "encoder/forward.h"
#include "encoder/model.h"
#include "encoder/quantized_forward.h"
#include "text/disguise.h"
#include "tokenize/tokenizer.h"

namespace winnow {

namespace {

/// So many tokens are computed at once, and only what a single text has over that more: memory stays bounded however
/// many windows the texts of a call have.
constexpr size_t kTokensAtOnce = size_t{1} << 26;

}  // namespace

struct BundleClassifier::Parts {
  Parts(Manifest m, Tokenizer t, ModelConfig c)
      : manifest(std::move(m)), tokenizer(std::move(t)), config(std::move(c)) {}

  /// What a call needs besides its arguments.
  struct Call {
    TokenizedTexts tokens;
    std::vector<float> probabilities;
  };

  std::unique_ptr<Call> TakeCall() {
    const std::lock_guard lock(calls_mutex);
    if (calls.empty()) return std::make_unique<Call>();
    std::unique_ptr<Call> call = std::move(calls.back());
    calls.pop_back();
    call->tokens.Clear();
    return call;
  }
  void GiveBack(std::unique_ptr<Call> call) {
    const std::lock_guard lock(calls_mutex);
    calls.push_back(std::move(call));
  }

  Manifest manifest;
  Tokenizer tokenizer;
  ModelConfig config;
  int32_t positive_label = -1;
  ModeThresholds modes;
  std::array<std::vector<float>, 3> label_thresholds;  // by mode; of a multi-label model with thresholds of its own
  // One of two pairs.
  std::optional<QuantizedModel> quantized;
  std::unique_ptr<QuantizedRunner> quantized_runner;
  std::optional<Model> model;
  std::unique_ptr<ForwardRunner> runner;
  std::mutex runner_mutex;  // the float runner takes one caller at a time

  std::mutex calls_mutex;
  std::vector<std::unique_ptr<Call>> calls;  // that are not in use
};

void BundleClassifier::Calibrate(const Parts& parts, std::span<const float> logits, std::span<float> probabilities) {
  const double temperature = parts.manifest.temperature;
  if (parts.config.multi_label) {
    Sigmoid(logits, temperature, probabilities);
  } else {
    Softmax(logits, static_cast<int>(parts.config.labels.size()), temperature, probabilities);
  }
}

BundleClassifier::BundleClassifier(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
BundleClassifier::BundleClassifier(BundleClassifier&&) noexcept = default;
BundleClassifier& BundleClassifier::operator=(BundleClassifier&&) noexcept = default;
BundleClassifier::~BundleClassifier() = default;

Result<BundleClassifier> BundleClassifier::Load(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                                std::optional<LongText> long_text, std::optional<bool> fold_disguises) {
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
  auto parts = std::make_unique<Parts>(std::move(manifest), std::move(tokenizer), std::move(config));
  parts->manifest.max_length = std::min(parts->manifest.max_length, MaxTokens(parts->config));
  parts->manifest.long_text = long_text.value_or(parts->manifest.long_text);
  parts->manifest.fold_disguises = fold_disguises.value_or(parts->manifest.fold_disguises);
  std::error_code ignored;
  const bool has_int8 = std::filesystem::exists(bundle / kInt8Weights, ignored);
  if (weights == Weights::kInt8 && !has_int8) {
    return Fail(ErrorCode::kNotFound, bundle.string() + ": no INT8 weights (" + kInt8Weights + ")",
                "make them: winnow quantize " + bundle.string());
  }
  if (has_int8 && weights != Weights::kFloat) {
    parts->quantized = TRY(QuantizedModel::Load(bundle, parts->config, pool));
    parts->quantized_runner = std::make_unique<QuantizedRunner>(*parts->quantized, pool);
  } else {
    parts->model = TRY(Model::Load(bundle, parts->config, {}));
    parts->runner = std::make_unique<ForwardRunner>(*parts->model, pool);
  }
  // After the weights: where they have fewer labels than config.json claims, that is what is wrong.
  const auto& labels = parts->config.labels;
  if (!parts->manifest.positive_label.empty()) {
    const auto found = std::ranges::find(labels, parts->manifest.positive_label);
    if (found == labels.end()) {
      return Fail(ErrorCode::kInvalidModel, bundle.string() + ": winnow.json's positive_label '" +
                                                parts->manifest.positive_label + "' is none of config.json's labels");
    }
    parts->positive_label = static_cast<int32_t>(found - labels.begin());
  }
  const Thresholds& thresholds = parts->manifest.thresholds;
  parts->modes = {.strict = static_cast<float>(thresholds.strict),
                  .moderate = static_cast<float>(thresholds.moderate),
                  .lenient = static_cast<float>(thresholds.lenient)};
  for (const auto& [label, threshold] : thresholds.labels) {
    if (std::ranges::find(labels, label) != labels.end()) continue;
    return Fail(ErrorCode::kInvalidModel, bundle.string() + ": winnow.json has a threshold for '" + label +
                                              "', which is none of config.json's labels");
  }
  if (parts->config.multi_label && !thresholds.labels.empty()) {
    for (const Mode mode : {Mode::kStrict, Mode::kModerate, Mode::kLenient}) {
      for (const std::string& label : labels) {
        const auto own = thresholds.labels.find(label);
        const float moderate = own == thresholds.labels.end() ? parts->modes.moderate : static_cast<float>(own->second);
        parts->label_thresholds[static_cast<size_t>(mode)].push_back(ThresholdInMode(moderate, parts->modes, mode));
      }
    }
  }
#ifdef __GLIBC__
  ::malloc_trim(0);  // what reading took goes back to the system: a server lives long after it
#endif
  return BundleClassifier(std::move(parts));
}

const std::vector<std::string>& BundleClassifier::labels() const { return parts_->config.labels; }
bool BundleClassifier::multi_label() const { return parts_->config.multi_label; }
const Manifest& BundleClassifier::manifest() const { return parts_->manifest; }
int32_t BundleClassifier::positive_label() const { return parts_->positive_label; }

std::string BundleClassifier::weights() const {
  if (!parts_->quantized) return "f32";
  const int halves = parts_->quantized->bf16_layers();
  if (halves == 0) return "int8";
  return fmt::format("int8 with {} of {} layers bf16", halves, parts_->config.num_layers);
}

void BundleClassifier::Tokenize(std::span<const std::string_view> texts, bool segmented, TokenizedTexts& tokens) const {
  const Manifest& manifest = parts_->manifest;
  const auto append = [&](std::span<const std::string_view> some) {
    TokenizeTexts(parts_->tokenizer, some, segmented, manifest.max_length, manifest.long_text, tokens);
  };
  if (!manifest.fold_disguises) return append(texts);
  for (const std::string_view text : texts) {
    const std::string folded = FoldDisguises(text);
    const std::string_view view = folded;
    append({&view, 1});
  }
}

Result<void> BundleClassifier::ProbabilitiesOfTokens(const TokenizedTexts& tokens, std::span<float> probabilities,
                                                     const Progress& progress) const {
  const PackedTexts windows = tokens.windows.view();
  if (tokens.whole()) return ComputeWindows(windows, probabilities, progress);
  std::unique_ptr<Parts::Call> call = parts_->TakeCall();
  call->probabilities.resize(windows.texts() * labels().size());
  const auto in_texts = [&](size_t done) { return progress(done * tokens.texts() / windows.texts()); };
  const Result<void> computed =
      ComputeWindows(windows, call->probabilities, progress ? Progress(std::ref(in_texts)) : Progress());
  if (computed) {
    PoolWindows(tokens, labels().size(), {.multi_label = multi_label(), .positive_label = parts_->positive_label},
                call->probabilities, probabilities);
  }
  parts_->GiveBack(std::move(call));
  return computed;
}

Result<void> BundleClassifier::ComputeWindows(const PackedTexts& windows, std::span<float> probabilities,
                                              const Progress& progress) const {
  if (windows.texts() == 0) return {};
  TRY(CheckBatch(parts_->config, windows));
  bool stopped = false;
  const auto note = [&](size_t done) {
    stopped = stopped || !progress(done);
    return !stopped;
  };
  const Progress watched = progress ? Progress(std::ref(note)) : Progress();
  if (parts_->quantized_runner != nullptr) {
    parts_->quantized_runner->Logits(windows, probabilities, watched);
  } else {
    const std::lock_guard lock(parts_->runner_mutex);
    std::ranges::copy(parts_->runner->AllLogits(windows, watched), probabilities.begin());
  }
  if (stopped) return Fail(ErrorCode::kCancelled, "stopped");
  Calibrate(*parts_, probabilities, probabilities);
  return {};
}

std::vector<float> BundleClassifier::ProbabilitiesOfLogits(std::span<const float> logits,
                                                           const TokenizedTexts& tokens) const {
  std::vector<float> windows(logits.size());
  Calibrate(*parts_, logits, windows);
  if (tokens.whole()) return windows;
  std::vector<float> texts(tokens.texts() * labels().size());
  PoolWindows(tokens, labels().size(), {.multi_label = multi_label(), .positive_label = parts_->positive_label},
              windows, texts);
  return texts;
}

/// `tokens` is memory to use. Texts go together as long as there are few enough tokens.
Result<void> BundleClassifier::Compute(std::span<const std::string_view> texts, bool segmented, TokenizedTexts& tokens,
                                       std::span<float> probabilities, const Progress& progress) const {
  for (size_t done = 0; done < texts.size();) {
    tokens.Clear();
    size_t end = done;
    for (; end < texts.size() && tokens.windows.ids.size() < kTokensAtOnce; ++end) {
      Tokenize(texts.subspan(end, 1), segmented, tokens);
    }
    const auto of_all = [&](size_t more) { return progress(done + more); };
    const size_t count = labels().size();
    TRY(ProbabilitiesOfTokens(tokens, probabilities.subspan(done * count, (end - done) * count),
                              progress ? Progress(std::ref(of_all)) : Progress()));
    done = end;
  }
  return {};
}

Result<std::vector<float>> BundleClassifier::Probabilities(std::span<const std::string_view> texts, bool segmented,
                                                           const Progress& progress) const {
  TokenizedTexts tokens;
  std::vector<float> probabilities(texts.size() * labels().size());
  TRY(Compute(texts, segmented, tokens, probabilities, progress));
  return probabilities;
}

Decision BundleClassifier::DecideOne(std::span<const float> probabilities, const ClassifyOptions& options) const {
  const DecideOptions decide{.positive_label = parts_->positive_label,
                             .threshold = parts_->modes.At(options.mode),
                             .abstain_below = options.abstain_below};
  const std::vector<float>& thresholds = parts_->label_thresholds[static_cast<size_t>(options.mode)];
  return multi_label() ? DecideMultiLabel(probabilities, thresholds, decide) : Decide(probabilities, decide);
}

Result<std::vector<ClassifiedText>> BundleClassifier::Classify(std::span<const std::string_view> texts,
                                                               const ClassifyOptions& options, bool segmented,
                                                               const Progress& progress) const {
  const std::vector<float> probabilities = TRY(Probabilities(texts, segmented, progress));
  const size_t count = labels().size();
  std::vector<ClassifiedText> results(texts.size());
  for (size_t t = 0; t < texts.size(); ++t) {
    const auto row = std::span(probabilities).subspan(t * count, count);
    results[t].probabilities.assign(row.begin(), row.end());
    results[t].decision = DecideOne(row, options);
  }
  return results;
}

Result<void> BundleClassifier::ClassifyInto(std::span<const std::string_view> texts, const ClassifyOptions& options,
                                            std::vector<ClassifiedText>& results) const {
  std::unique_ptr<Parts::Call> call = parts_->TakeCall();
  const size_t count = labels().size();
  call->probabilities.resize(texts.size() * count);
  const Result<void> computed = Compute(texts, /*segmented=*/false, call->tokens, call->probabilities, {});
  if (computed) {
    results.resize(texts.size());
    for (size_t t = 0; t < texts.size(); ++t) {
      const auto row = std::span<const float>(call->probabilities).subspan(t * count, count);
      results[t].probabilities.assign(row.begin(), row.end());
      results[t].decision = DecideOne(row, options);
    }
  }
  parts_->GiveBack(std::move(call));
  return computed;
}

}  // namespace winnow
