#include "evaluate/evaluation.h"

namespace winnow {
Result<Metrics> EvaluateAnswers(const Answers& answers, const Dataset& dataset) {
  const size_t labels = answers.labels.size();
  const MetricsOptions metrics{.positive_label = answers.positive_label};
  std::vector<std::vector<int32_t>> truths, sets;
  std::vector<int32_t> truth, decided;
  for (size_t t = 0; t < dataset.examples.size(); ++t) {
    Decision decision = answers.decide(answers.probabilities.subspan(t * labels, labels));
    const std::vector<int32_t>& of_text = dataset.examples[t].labels;
    if (answers.multi_label) {
      truths.push_back(of_text);
      sets.push_back(std::move(decision.labels));
    } else if (of_text.size() == 1) {
      truth.push_back(of_text.front());
      decided.push_back(decision.label);
    } else {
      return Fail(ErrorCode::kInvalidData,
                  "text " + std::to_string(t + 1) + " has " + std::to_string(of_text.size()) +
                      " labels, but the model is single-label",
                  "the data are multi-label; use data with one label per text");
    }
  }
  if (answers.multi_label) {
    return ComputeMultiLabelMetrics(answers.probabilities, truths, answers.labels, metrics, sets);
  }
  return ComputeMetrics(answers.probabilities, truth, answers.labels, metrics, decided);
}

Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress) {
  const std::vector<float> probabilities = TRY(classifier.Probabilities(InputTexts(dataset), progress));
  return EvaluateAnswers({.probabilities = probabilities,
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
  return EvaluateAnswers({.probabilities = probabilities,
                          .labels = classifier.labels(),
                          .multi_label = classifier.multi_label(),
                          .decide = [&](std::span<const float> row) { return classifier.DecideOne(row, options); }},
                         dataset);
}

}  // namespace winnow
