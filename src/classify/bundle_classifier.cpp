#include "classify/bundle_classifier.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "bundle/labels.h"
#include "classify/bundle_model.h"
#include "classify/decision_rule.h"
#include "classify/pairs.h"
#include "linear/linear_model.h"
#include "text/disguise.h"
#include "text/segments.h"

namespace winnow {

namespace {

/// So many tokens are computed at once, and only what a single text has over that more: memory stays bounded however
/// many windows the texts of a call have.
constexpr size_t kTokensAtOnce = size_t{1} << 26;

/// Linear models: between two reports of progress, and from how many texts on waking other threads is worth it.
constexpr size_t kLinearTextsAtOnce = 8192;
constexpr size_t kLinearTextsForThreads = 512;

}  // namespace

/// What a call needs besides its arguments.
struct BundleClassifier::Call {
  TokenizedTexts tokens;
  std::vector<float> probabilities;
  std::vector<float> scope;  // scores of the texts; empty where there is no rule
  LinearModel::Scratch linear;
  std::vector<std::string> folded;  // of linear models
  std::vector<std::string_view> views;
};

struct BundleClassifier::Parts {
  /// The other threads, for one caller at a time and for enough texts; else the caller is on its own.
  std::unique_lock<std::mutex> Pool(size_t texts) {
    std::unique_lock lock(pool_mutex, std::defer_lock);
    if (linear && texts >= kLinearTextsForThreads) (void)lock.try_lock();
    return lock;
  }

  /// task(begin, end) for parts of the texts. A linear model is so fast that what comes after it counts.
  template <class Task>
  void ForTexts(size_t texts, const Task& task) {
    if (const auto lock = Pool(texts); lock.owns_lock()) {
      pool->ForRanges(texts, 64, [&](size_t begin, size_t end, int) { task(begin, end); });
    } else {
      task(size_t{0}, texts);
    }
  }

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
  std::vector<std::string> labels;
  bool multi_label = false;
  Calibration calibration;
  std::optional<DecisionRule> rule;
  std::optional<ScopeRule> scope;
  std::optional<TextTemplate> text_template;
  bool pair_types = false;  // HasPairTypes
  // One of two.
  std::unique_ptr<const BundleModel> encoder;
  std::optional<LinearModel> linear;

  ThreadPool* pool = nullptr;
  std::mutex pool_mutex;  // linear models: one caller at a time has the other threads

  std::mutex calls_mutex;
  std::vector<std::unique_ptr<Call>> calls;  // that are not in use
};

Result<void> BundleClassifier::LoadLinear(const std::filesystem::path& bundle, Weights weights, Parts& parts) {
  if (weights == Weights::kInt8) {
    return Fail(ErrorCode::kInvalidArgument, bundle.string() + ": a linear model has no INT8 weights",
                "omit --weights");
  }
  parts.manifest = TRY(ReadManifest(bundle));
  parts.labels = TRY(ReadLabelsFile(bundle / kLabelsFile));
  parts.linear = TRY(LinearModel::Load(bundle / kLinearFile));
  parts.multi_label = parts.linear->multi_label();
  if (parts.linear->labels() == parts.labels.size()) return {};
  return Fail(ErrorCode::kInvalidModel,
              fmt::format("{}: {} has {} labels, but {} {}", bundle.string(), kLinearFile, parts.linear->labels(),
                          kLabelsFile, parts.labels.size()),
              "the files belong to different models");
}

BundleClassifier::BundleClassifier(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
BundleClassifier::BundleClassifier(BundleClassifier&&) noexcept = default;
BundleClassifier& BundleClassifier::operator=(BundleClassifier&&) noexcept = default;
BundleClassifier::~BundleClassifier() = default;

Result<BundleClassifier> BundleClassifier::Load(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                                std::optional<LongText> long_text, std::optional<bool> fold_disguises) {
  auto parts = std::make_unique<Parts>();
  std::error_code ignored;
  if (std::filesystem::exists(bundle / kLinearFile, ignored)) {
    TRY(LoadLinear(bundle, weights, *parts));
  } else {
    parts->encoder = TRY(BundleModel::Load(bundle, pool, weights));
    parts->manifest = parts->encoder->manifest();
    parts->labels = parts->encoder->config().labels;
    parts->multi_label = parts->encoder->config().multi_label;
    parts->manifest.max_length = std::min(parts->manifest.max_length, MaxTokens(parts->encoder->config()));
  }
  parts->pool = &pool;
  if (!parts->manifest.text_template.empty()) {
    Result<TextTemplate> parsed = TextTemplate::Parse(parts->manifest.text_template);
    if (!parsed) {
      return Fail(ErrorCode::kInvalidModel,
                  bundle.string() + ": winnow.json's 'text_template': " + parsed.error().message, parsed.error().hint);
    }
    parts->text_template = std::move(*parsed);
  }
  if (parts->encoder) parts->pair_types = HasPairTypes(parts->encoder->tokenizer(), parts->encoder->config());
  parts->manifest.long_text = long_text.value_or(parts->manifest.long_text);
  parts->manifest.fold_disguises = fold_disguises.value_or(parts->manifest.fold_disguises);
  // After the weights: where they have fewer labels than config.json claims, that is what is wrong.
  const auto& labels = parts->labels;
  if (const auto fits = CheckCalibrationFits(CalibrationOf(parts->manifest), labels.size(), parts->multi_label);
      !fits) {
    return Fail(ErrorCode::kInvalidModel, bundle.string() + ": winnow.json's " + fits.error().message,
                "remove 'calibration' from winnow.json, and calibrate again: winnow calibrate " + bundle.string());
  }
  parts->calibration = CalibrationOf(parts->manifest);
  parts->rule = TRY(DecisionRule::Of(parts->manifest, labels, parts->multi_label, bundle.string()));
  if (std::filesystem::exists(bundle / kScopeFile, ignored)) {
    if (parts->multi_label) {
      return Fail(ErrorCode::kInvalidModel, (bundle / kScopeFile).string() + ": is for single-label models",
                  "remove the file: a multi-label model can assign no label without it");
    }
    parts->scope = TRY(ReadScopeRule(bundle / kScopeFile, labels));
  }
#ifdef __GLIBC__
  ::malloc_trim(0);  // what reading took goes back to the system: a server lives long after it
#endif
  return BundleClassifier(std::move(parts));
}

const std::vector<std::string>& BundleClassifier::labels() const { return parts_->labels; }
bool BundleClassifier::multi_label() const { return parts_->multi_label; }
const Manifest& BundleClassifier::manifest() const { return parts_->manifest; }
int32_t BundleClassifier::positive_label() const { return parts_->rule->positive_label(); }

std::string BundleClassifier::weights() const { return parts_->linear ? "linear" : parts_->encoder->weights(); }
const LinearModel* BundleClassifier::linear() const { return parts_->linear ? &*parts_->linear : nullptr; }
bool BundleClassifier::has_tokens() const { return linear() == nullptr; }
const Tokenizer* BundleClassifier::tokenizer() const {
  return parts_->linear ? nullptr : &parts_->encoder->tokenizer();
}
const TextTemplate* BundleClassifier::text_template() const {
  return parts_->text_template ? &*parts_->text_template : nullptr;
}
size_t BundleClassifier::segments() const { return parts_->text_template ? parts_->text_template->segments() : 1; }
bool BundleClassifier::reads_pairs() const { return has_tokens() && segments() == 1; }

void BundleClassifier::Tokenize(std::span<const std::string_view> texts, bool segmented, TokenizedTexts& tokens) const {
  const Manifest& manifest = parts_->manifest;
  const Tokenizer& tokenizer = parts_->encoder->tokenizer();
  const bool pairs = segmented && reads_pairs();
  if (!manifest.fold_disguises && !pairs) {
    return TokenizeTexts(tokenizer, texts, segmented, manifest.max_length, manifest.long_text, tokens);
  }
  for (const std::string_view text : texts) {
    const std::string folded = manifest.fold_disguises ? FoldDisguises(text) : "";
    const std::string_view read = manifest.fold_disguises ? folded : text;
    if (pairs && read.find(kSegmentSeparator) != std::string_view::npos) {
      TokenizePair(tokenizer, read, manifest.max_length, parts_->pair_types, tokens);
    } else {
      TokenizeTexts(tokenizer, {&read, 1}, segmented && !pairs, manifest.max_length, manifest.long_text, tokens);
    }
  }
}

Result<void> BundleClassifier::ProbabilitiesOfTokens(const TokenizedTexts& tokens, std::span<float> probabilities,
                                                     const Progress& progress, std::span<float> scope,
                                                     PoolUse use) const {
  const PackedTexts windows = tokens.windows.view();
  if (tokens.whole()) return ComputeWindows(windows, probabilities, scope, progress, use);
  std::unique_ptr<Call> call = parts_->TakeCall();
  call->probabilities.resize(windows.texts() * labels().size());
  call->scope.resize(scope.empty() ? 0 : windows.texts());
  const auto in_texts = [&](size_t done) { return progress(done * tokens.texts() / windows.texts()); };
  const Result<void> computed = ComputeWindows(windows, call->probabilities, call->scope,
                                               progress ? Progress(std::ref(in_texts)) : Progress(), use);
  if (computed) {
    PoolWindows(tokens, labels().size(),
                {.multi_label = multi_label(), .positive_label = parts_->rule->positive_label()}, call->probabilities,
                probabilities);
    // A text is in scope as soon as a part of it is.
    for (size_t t = 0; t < scope.size(); ++t) {
      scope[t] = *std::min_element(call->scope.begin() + tokens.begins[t], call->scope.begin() + tokens.begins[t + 1]);
    }
  }
  parts_->GiveBack(std::move(call));
  return computed;
}

Result<void> BundleClassifier::ComputeWindows(const PackedTexts& windows, std::span<float> probabilities,
                                              std::span<float> scope, const Progress& progress, PoolUse use) const {
  TRY(parts_->encoder->Logits(windows, probabilities, progress, use));
  ScoreScope(probabilities, scope);
  Calibrate(parts_->calibration, probabilities, labels().size(), multi_label(), probabilities);
  return {};
}

void BundleClassifier::ScoreScope(std::span<const float> logits, std::span<float> scope) const {
  if (scope.empty()) return;
  std::vector<float> scratch;
  ScopeScores(parts_->scope->method, logits, labels().size(), parts_->scope->shape, scope, scratch);
}

Result<std::vector<float>> BundleClassifier::Logits(std::span<const std::string_view> texts, bool segmented,
                                                    TokenizedTexts& tokens, const Progress& progress) const {
  tokens.Clear();
  if (!parts_->linear) {
    Tokenize(texts, segmented, tokens);
    std::vector<float> logits(tokens.windows.texts() * labels().size());
    TRY(parts_->encoder->Logits(tokens.windows.view(), logits, progress));
    return logits;
  }
  for (size_t t = 0; t < texts.size(); ++t) {
    tokens.windows.Append({});
    tokens.begins.push_back(static_cast<int32_t>(t + 1));
  }
  std::vector<float> logits(texts.size() * labels().size());
  std::unique_ptr<Call> call = parts_->TakeCall();
  const Result<void> computed = LinearLogits(texts, *call, logits, progress);
  parts_->GiveBack(std::move(call));
  if (!computed) return std::unexpected(computed.error());
  return logits;
}

std::vector<float> BundleClassifier::ProbabilitiesOfLogits(std::span<const float> logits,
                                                           const TokenizedTexts& tokens) const {
  return ProbabilitiesOfLogits(logits, tokens, parts_->calibration);
}

std::vector<float> BundleClassifier::ProbabilitiesOfLogits(std::span<const float> logits, const TokenizedTexts& tokens,
                                                           const Calibration& calibration) const {
  std::vector<float> windows(logits.size());
  Calibrate(calibration, logits, labels().size(), multi_label(), windows);
  if (tokens.whole()) return windows;
  std::vector<float> texts(tokens.texts() * labels().size());
  PoolWindows(tokens, labels().size(), {.multi_label = multi_label(), .positive_label = parts_->rule->positive_label()},
              windows, texts);
  return texts;
}

Result<void> BundleClassifier::LinearLogits(std::span<const std::string_view> texts, Call& call, std::span<float> all,
                                            const Progress& progress) const {
  const size_t count = labels().size();
  for (size_t done = 0; done < texts.size();) {
    auto some = texts.subspan(done, std::min(texts.size() - done, kLinearTextsAtOnce));
    if (parts_->manifest.fold_disguises) {
      call.folded.clear();
      for (const std::string_view text : some) call.folded.push_back(FoldDisguises(text));
      call.views.assign(call.folded.begin(), call.folded.end());
      some = call.views;
    }
    const auto logits = all.subspan(done * count, some.size() * count);
    if (const auto pool = parts_->Pool(some.size()); pool.owns_lock()) {
      parts_->linear->Logits(some, *parts_->pool, logits);
    } else {
      for (size_t t = 0; t < some.size(); ++t) {
        parts_->linear->Logits(some[t], call.linear, logits.subspan(t * count, count));
      }
    }
    done += some.size();
    if (progress && !progress(done)) return Fail(ErrorCode::kCancelled, "stopped");
  }
  return {};
}

/// Texts go together as long as there are few enough tokens.
Result<void> BundleClassifier::Compute(std::span<const std::string_view> texts, bool segmented, Call& call,
                                       std::span<float> probabilities, const Progress& progress) const {
  call.scope.resize(parts_->scope ? texts.size() : 0);
  if (parts_->linear) {
    TRY(LinearLogits(texts, call, probabilities, progress));
    ScoreScope(probabilities, call.scope);
    const size_t count = labels().size();
    parts_->ForTexts(texts.size(), [&](size_t begin, size_t end) {
      const auto rows = probabilities.subspan(begin * count, (end - begin) * count);
      Calibrate(parts_->calibration, rows, count, multi_label(), rows);
    });
    return {};
  }
  TokenizedTexts& tokens = call.tokens;
  for (size_t done = 0; done < texts.size();) {
    tokens.Clear();
    size_t end = done;
    for (; end < texts.size() && tokens.windows.ids.size() < kTokensAtOnce; ++end) {
      Tokenize(texts.subspan(end, 1), segmented, tokens);
    }
    const auto of_all = [&](size_t more) { return progress(done + more); };
    const size_t count = labels().size();
    const auto scope = std::span(call.scope).subspan(parts_->scope ? done : 0, parts_->scope ? end - done : 0);
    TRY(ProbabilitiesOfTokens(tokens, probabilities.subspan(done * count, (end - done) * count),
                              progress ? Progress(std::ref(of_all)) : Progress(), scope));
    done = end;
  }
  return {};
}

Result<std::vector<float>> BundleClassifier::Probabilities(std::span<const std::string_view> texts, bool segmented,
                                                           const Progress& progress) const {
  std::unique_ptr<Call> call = parts_->TakeCall();
  std::vector<float> probabilities(texts.size() * labels().size());
  const Result<void> computed = Compute(texts, segmented, *call, probabilities, progress);
  parts_->GiveBack(std::move(call));
  if (!computed) return std::unexpected(computed.error());
  return probabilities;
}

Decision BundleClassifier::DecideOne(std::span<const float> probabilities, const ClassifyOptions& options) const {
  return parts_->rule->Decide(probabilities, options);
}

const ScopeRule* BundleClassifier::scope_rule() const { return parts_->scope ? &*parts_->scope : nullptr; }

void BundleClassifier::Judge(std::span<const float> probabilities, std::span<const float> scope,
                             const ClassifyOptions& options, ClassifiedText& result) const {
  result.probabilities.assign(probabilities.begin(), probabilities.end());
  result.decision = DecideOne(probabilities, options);
  result.scope_score = scope.empty() ? std::nullopt : std::optional(scope.front());
  result.out_of_scope = !scope.empty() && parts_->scope->Rejects(scope.front());
}

Result<std::vector<ClassifiedText>> BundleClassifier::Classify(std::span<const std::string_view> texts,
                                                               const ClassifyOptions& options, bool segmented,
                                                               const Progress& progress) const {
  std::vector<ClassifiedText> results;
  TRY(ClassifyInto(texts, options, results, segmented, progress));
  return results;
}

Result<void> BundleClassifier::ClassifyInto(std::span<const std::string_view> texts, const ClassifyOptions& options,
                                            std::vector<ClassifiedText>& results, bool segmented,
                                            const Progress& progress) const {
  std::unique_ptr<Call> call = parts_->TakeCall();
  call->probabilities.resize(texts.size() * labels().size());
  const Result<void> computed = Compute(texts, segmented, *call, call->probabilities, progress);
  if (computed) {
    results.resize(texts.size());
    parts_->ForTexts(texts.size(), [&](size_t begin, size_t end) {
      const size_t count = labels().size();
      for (size_t t = begin; t < end; ++t) {
        const auto scope =
            std::span<const float>(call->scope).subspan(call->scope.empty() ? 0 : t, call->scope.empty() ? 0 : 1);
        Judge(std::span(call->probabilities).subspan(t * count, count), scope, options, results[t]);
      }
    });
  }
  parts_->GiveBack(std::move(call));
  return computed;
}

}  // namespace winnow
