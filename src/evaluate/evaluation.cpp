#include "evaluate/evaluation.h"

#include "data/label_sets.h"

namespace winnow {

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
  return ComputeMetricsOfSets(predictions.probabilities, LabelSets(dataset), predictions.labels,
                              predictions.multi_label, {.positive_label = predictions.positive_label}, decided);
}

Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress) {
  const std::vector<float> probabilities = TRY(classifier.Probabilities(InputTexts(dataset), progress));
  return EvaluatePredictions({.probabilities = probabilities,
                              .labels = classifier.labels(),
                              .multi_label = classifier.multi_label(),
                              .positive_label = classifier.positive_label(),
                              .decide = [&](std::span<const float> row) { return classifier.DecideOne(row, options); }},
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
