#include "classify/bundle_classifier.h"

#include <malloc.h>

#include <algorithm>
#include <optional>

#include "classify/decision_rule.h"
#include "classify/scratch_pool.h"

namespace winnow {

namespace {

/// Texts that cost so many tokens are computed at once, and only what a single text has over that more: memory stays
/// bounded however many windows the texts of a call have.
constexpr size_t kTokensAtOnce = size_t{1} << 26;

}  // namespace

/// The scratch memory of one call.
struct BundleClassifier::Call {
  PreparedTexts prepared;
  std::vector<float> probabilities;
  std::vector<float> scope;  // scores of the texts; empty without a rule
};

struct BundleClassifier::Parts {
  ScoredBundle bundle;
  Calibration calibration;
  std::optional<DecisionRule> rule;
  std::optional<ScopeRule> scope;
  ScratchPool<Call> calls;
};

BundleClassifier::BundleClassifier(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
BundleClassifier::BundleClassifier(BundleClassifier&&) noexcept = default;
BundleClassifier& BundleClassifier::operator=(BundleClassifier&&) noexcept = default;
BundleClassifier::~BundleClassifier() = default;

Result<BundleClassifier> BundleClassifier::Load(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                                std::optional<LongText> long_text, std::optional<bool> fold_disguises,
                                                const BundleTrust& trust) {
  LoadCheck check = TRY(LoadCheck::Begin(bundle, {WeightsFile(bundle, weights)}, trust));
  const ReadingOverrides overrides{.long_text = long_text, .fold_disguises = fold_disguises};
  return check.Around([&] { return LoadParts(bundle, pool, weights, overrides); });
}

Result<BundleClassifier> BundleClassifier::LoadParts(const std::filesystem::path& bundle, ThreadPool& pool,
                                                     Weights weights, const ReadingOverrides& overrides) {
  auto parts = std::make_unique<Parts>();
  parts->bundle = TRY(LoadScorer(bundle, pool, weights, overrides));
  const Manifest& manifest = parts->bundle.manifest;
  const std::vector<std::string>& labels = parts->bundle.labels;
  const bool multi_label = parts->bundle.multi_label;
  // After the weights: where they have fewer labels than config.json claims, that is what is wrong.
  if (const auto fits = CheckCalibrationFits(CalibrationOf(manifest), labels.size(), multi_label); !fits) {
    return Fail(ErrorCode::kInvalidModel, bundle.string() + ": winnow.json: " + fits.error().message,
                "remove 'calibration' from winnow.json, and calibrate again: winnow calibrate " + bundle.string());
  }
  parts->calibration = CalibrationOf(manifest);
  parts->rule = TRY(DecisionRule::Of(manifest, labels, multi_label, bundle.string()));
  std::error_code ignored;
  if (std::filesystem::exists(bundle / kScopeFile, ignored)) {
    if (multi_label) {
      return Fail(ErrorCode::kInvalidModel,
                  (bundle / kScopeFile).string() + ": out-of-scope detection is supported for single-label models only",
                  "remove the file: a multi-label model does not need it, because it can leave a text without a label");
    }
    parts->scope = TRY(ReadScopeRule(bundle / kScopeFile, labels));
  }
#ifdef __GLIBC__
  ::malloc_trim(0);  // what reading took goes back to the system: a server lives long after it
#endif
  return BundleClassifier(std::move(parts));
}

const std::vector<std::string>& BundleClassifier::labels() const { return parts_->bundle.labels; }
bool BundleClassifier::multi_label() const { return parts_->bundle.multi_label; }
const Manifest& BundleClassifier::manifest() const { return parts_->bundle.manifest; }
int32_t BundleClassifier::positive_label() const { return parts_->rule->positive_label(); }
std::string BundleClassifier::weights() const { return scorer().weights(); }
const Scorer& BundleClassifier::scorer() const { return *parts_->bundle.scorer; }
const TextTemplate* BundleClassifier::text_template() const {
  return parts_->bundle.text_template ? &*parts_->bundle.text_template : nullptr;
}
size_t BundleClassifier::segments() const { return parts_->bundle.segments(); }
const ScopeRule* BundleClassifier::scope_rule() const { return parts_->scope ? &*parts_->scope : nullptr; }

Pooling BundleClassifier::pooling() const { return {.multi_label = multi_label(), .positive_label = positive_label()}; }

void BundleClassifier::PoolText(std::span<const float> windows, std::span<float> probabilities) const {
  PoolWindowsOfText(windows, labels().size(), pooling(), probabilities);
}

Result<void> BundleClassifier::ProbabilitiesOf(const PreparedTexts& texts, std::span<float> probabilities,
                                               const Progress& progress, std::span<float> scope, PoolUse use) const {
  const TokenizedTexts& tokens = texts.tokens;
  if (tokens.whole()) return ComputeWindows(texts, probabilities, scope, progress, use);
  const size_t windows = tokens.windows.texts();
  const auto call = parts_->calls.Take();
  call->probabilities.resize(windows * labels().size());
  call->scope.resize(scope.empty() ? 0 : windows);
  const auto in_texts = [&](size_t done) { return progress(done * tokens.texts() / windows); };
  TRY(ComputeWindows(texts, call->probabilities, call->scope, progress ? Progress(std::ref(in_texts)) : Progress(),
                     use));
  PoolWindows(tokens, labels().size(), pooling(), call->probabilities, probabilities);
  // A text is in scope as soon as a part of it is.
  for (size_t t = 0; t < scope.size(); ++t) {
    scope[t] = *std::min_element(call->scope.begin() + tokens.begins[t], call->scope.begin() + tokens.begins[t + 1]);
  }
  return {};
}

Result<void> BundleClassifier::ComputeWindows(const PreparedTexts& texts, std::span<float> probabilities,
                                              std::span<float> scope, const Progress& progress, PoolUse use) const {
  TRY(scorer().Score(texts, probabilities, progress, use));
  const size_t count = labels().size();
  if (!scope.empty()) {
    std::vector<float> scratch;
    ScopeScores(parts_->scope->method, probabilities, count, parts_->scope->shape, scope, scratch);
  }
  const auto calibrate = [&](size_t begin, size_t end) {
    const auto rows = probabilities.subspan(begin * count, (end - begin) * count);
    Calibrate(parts_->calibration, rows, count, multi_label(), rows);
  };
  scorer().ForParts(texts.tokens.windows.texts(), std::ref(calibrate));
  return {};
}

Result<std::vector<float>> BundleClassifier::Logits(std::span<const InputTextView> texts, TokenizedTexts& tokens,
                                                    const Progress& progress) const {
  PreparedTexts prepared;
  scorer().Prepare(texts, prepared);
  std::vector<float> logits(prepared.tokens.windows.texts() * labels().size());
  TRY(scorer().Score(prepared, logits, progress));
  tokens = std::move(prepared.tokens);
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
  PoolWindows(tokens, labels().size(), pooling(), windows, texts);
  return texts;
}

/// Computes the probabilities in batches: consecutive texts form a batch as long as they have few enough tokens.
Result<void> BundleClassifier::Compute(std::span<const InputTextView> texts, Call& call, std::span<float> probabilities,
                                       const Progress& progress) const {
  const bool scoped = parts_->scope.has_value();
  call.scope.resize(scoped ? texts.size() : 0);
  PreparedTexts& prepared = call.prepared;
  for (size_t done = 0; done < texts.size();) {
    prepared.Clear();
    size_t cost = 0;
    while (done + prepared.count() < texts.size() && cost < kTokensAtOnce) {
      scorer().Prepare(texts.subspan(done + prepared.count(), 1), prepared);
      cost += scorer().Cost(prepared, prepared.count() - 1);
    }
    const size_t some = prepared.count();
    const auto of_all = [&](size_t more) { return progress(done + more); };
    TRY(ProbabilitiesOf(prepared, probabilities.subspan(done * labels().size(), some * labels().size()),
                        progress ? Progress(std::ref(of_all)) : Progress(),
                        std::span(call.scope).subspan(scoped ? done : 0, scoped ? some : 0)));
    done += some;
  }
  return {};
}

Result<std::vector<float>> BundleClassifier::Probabilities(std::span<const InputTextView> texts,
                                                           const Progress& progress) const {
  const auto call = parts_->calls.Take();
  std::vector<float> probabilities(texts.size() * labels().size());
  TRY(Compute(texts, *call, probabilities, progress));
  return probabilities;
}

Result<void> BundleClassifier::CheckOptions(const ClassifyOptions& options) const {
  return parts_->rule->Check(options);
}

Result<void> BundleClassifier::CheckMode(Mode mode) const { return parts_->rule->CheckMode(mode); }

Decision BundleClassifier::DecideOne(std::span<const float> probabilities, const ClassifyOptions& options) const {
  return parts_->rule->Decide(probabilities, options);
}

void BundleClassifier::ApplyDecisionRule(std::span<const float> probabilities, std::span<const float> scope,
                                         const ClassifyOptions& options, ClassifiedText& result) const {
  result.probabilities.assign(probabilities.begin(), probabilities.end());
  result.decision = DecideOne(probabilities, options);
  result.scope_score = scope.empty() ? std::nullopt : std::optional(scope.front());
  result.out_of_scope = !scope.empty() && parts_->scope->Rejects(scope.front());
}

Result<std::vector<ClassifiedText>> BundleClassifier::Classify(std::span<const InputTextView> texts,
                                                               const ClassifyOptions& options,
                                                               const Progress& progress) const {
  std::vector<ClassifiedText> results;
  TRY(ClassifyInto(texts, options, results, progress));
  return results;
}

Result<void> BundleClassifier::ClassifyInto(std::span<const InputTextView> texts, const ClassifyOptions& options,
                                            std::vector<ClassifiedText>& results, const Progress& progress) const {
  TRY(CheckOptions(options));
  const auto call = parts_->calls.Take();
  call->probabilities.resize(texts.size() * labels().size());
  TRY(Compute(texts, *call, call->probabilities, progress));
  results.resize(texts.size());
  const auto decide = [&](size_t begin, size_t end) {
    const size_t count = labels().size();
    const std::span<const float> probabilities = call->probabilities, scope = call->scope;
    for (size_t t = begin; t < end; ++t) {
      ApplyDecisionRule(probabilities.subspan(t * count, count), scope.subspan(scope.empty() ? 0 : t, !scope.empty()),
                        options, results[t]);
    }
  };
  scorer().ForParts(texts.size(), std::ref(decide));
  return {};
}

}  // namespace winnow
