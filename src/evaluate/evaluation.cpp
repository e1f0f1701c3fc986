#include "evaluate/evaluation.h"

namespace winnow {

Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress) {
  std::vector<std::string_view> texts;
  texts.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) texts.push_back(example.text);
  const std::vector<float> probabilities = TRY(classifier.Probabilities(texts, /*segmented=*/true, progress));
  const size_t labels = classifier.labels().size();
  const MetricsOptions metrics{.positive_label = classifier.positive_label()};
  std::vector<std::vector<int32_t>> truths, sets;
  std::vector<int32_t> truth, decided;
  for (size_t t = 0; t < texts.size(); ++t) {
    Decision decision = classifier.DecideOne(std::span(probabilities).subspan(t * labels, labels), options);
    const std::vector<int32_t>& of_text = dataset.examples[t].labels;
    if (classifier.multi_label()) {
      truths.push_back(of_text);
      sets.push_back(std::move(decision.labels));
    } else if (of_text.size() == 1) {
      truth.push_back(of_text.front());
      decided.push_back(decision.label);
    } else {
      return Fail(ErrorCode::kInvalidData,
                  "text " + std::to_string(t + 1) + " has " + std::to_string(of_text.size()) +
                      " labels, but the model decides for one",
                  "the data are a multi-label set; give data with one label a text");
    }
  }
  if (classifier.multi_label()) {
    return ComputeMultiLabelMetrics(probabilities, truths, classifier.labels(), metrics, sets);
  }
  return ComputeMetrics(probabilities, truth, classifier.labels(), metrics, decided);
}

}  // namespace winnow
