#include "evaluate/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/label_sets.h"

namespace winnow {
namespace {

ScopeEffect EffectOf(std::span<const char> rejected, std::span<const std::vector<int32_t>> decided,
                     const Dataset& dataset) {
  ScopeEffect effect;
  for (size_t t = 0; t < rejected.size(); ++t) {
    effect.rejected += rejected[t] != 0 ? 1 : 0;
    effect.accuracy += rejected[t] == 0 && decided[t] == dataset.examples[t].labels ? 1 : 0;
  }
  const auto count = static_cast<double>(std::max<size_t>(rejected.size(), 1));
  return {.rejected = effect.rejected / count, .accuracy = effect.accuracy / count};
}

}  // namespace

Result<ScopedProbabilities> ProbabilitiesAndScope(const BundleClassifier& classifier,
                                                  std::span<const InputTextView> texts,
                                                  const BundleClassifier::Progress& progress) {
  if (classifier.scope_rule() == nullptr) {
    return ScopedProbabilities{.probabilities = TRY(classifier.Probabilities(texts, progress)), .rejected = {}};
  }
  ScopedProbabilities result;
  for (const ClassifiedText& text : TRY(classifier.Classify(texts, {}, progress))) {
    result.probabilities.insert(result.probabilities.end(), text.probabilities.begin(), text.probabilities.end());
    result.rejected.push_back(text.out_of_scope ? 1 : 0);
  }
  return result;
}

std::string ScopeNote(const ScopeEffect& effect) {
  return fmt::format(
      "the rule for out-of-scope texts is not applied: it rejects {:.1f} % of these texts; if each of them counts as an "
      "error, accuracy is {:.4f}",
      100 * effect.rejected, effect.accuracy);
}

Result<Metrics> EvaluatePredictions(const Predictions& predictions, const Dataset& dataset) {
  const size_t labels = predictions.labels.size();
  std::vector<std::vector<int32_t>> decided;
  for (size_t t = 0; t < dataset.examples.size(); ++t) {
    const size_t of_text = dataset.examples[t].labels.size();
    if (!predictions.multi_label && of_text != 1) {
      return Fail(ErrorCode::kInvalidData,
                  "text " + std::to_string(t + 1) + " has " + std::to_string(of_text) +
                      " labels, but the model is single-label",
                  "the data are multi-label; use data with one label per text");
    }
    Decision decision = predictions.decide(predictions.probabilities.subspan(t * labels, labels));
    decided.push_back(predictions.multi_label ? std::move(decision.labels) : std::vector{decision.label});
  }
  Metrics metrics =
      TRY(ComputeMetricsOfSets(predictions.probabilities, LabelSets(dataset), predictions.labels,
                               predictions.multi_label, {.positive_label = predictions.positive_label}, decided));
  if (!predictions.rejected.empty()) {
    metrics.scope = EffectOf(predictions.rejected, decided, dataset);
    metrics.notes.push_back(ScopeNote(*metrics.scope));
  }
  return metrics;
}

Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress) {
  const ScopedProbabilities scoped = TRY(ProbabilitiesAndScope(classifier, InputTexts(dataset), progress));
  return EvaluatePredictions({.probabilities = scoped.probabilities,
                              .labels = classifier.labels(),
                              .multi_label = classifier.multi_label(),
                              .positive_label = classifier.positive_label(),
                              .decide = [&](std::span<const float> row) { return classifier.DecideOne(row, options); },
                              .rejected = scoped.rejected},
                             dataset);
}

Result<Metrics> EvaluateZeroShot(const ZeroShotClassifier& classifier, const Dataset& dataset,
                                 const ClassifyOptions& options, const ZeroShotClassifier::Progress& progress) {
  const std::vector<std::string_view> texts = TextViews(dataset);
  const std::vector<float> probabilities = TRY(classifier.Probabilities(texts, progress));
  return EvaluatePredictions({.probabilities = probabilities,
                              .labels = classifier.labels(),
                              .multi_label = classifier.multi_label(),
                              .decide = [&](std::span<const float> row) { return classifier.DecideOne(row, options); }},
                             dataset);
}

}  // namespace winnow
