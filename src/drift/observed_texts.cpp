#include "drift/observed_texts.h"

#include <algorithm>

#include "text/utf8.h"

namespace winnow {
namespace {

double CharactersOf(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) NextCodePoint(text, i);
  return static_cast<double>(count);
}

}  // namespace

Result<ObservedTexts> ObserveTexts(const BundleClassifier& classifier, std::vector<std::string> texts,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress) {
  ObservedTexts observed;
  observed.texts = std::move(texts);
  std::vector<InputTextView> views;
  views.reserve(observed.texts.size());
  for (const std::string& text : observed.texts) views.push_back(InputTextView::OfJoined(text));
  const std::vector<ClassifiedText> classified = TRY(classifier.Classify(views, options, progress));
  const int32_t positive = classifier.positive_label();
  for (size_t t = 0; t < classified.size(); ++t) {
    const ClassifiedText& each = classified[t];
    observed.probabilities.insert(observed.probabilities.end(), each.probabilities.begin(), each.probabilities.end());
    observed.decided.push_back(classifier.multi_label() ? each.decision.labels
                                                        : std::vector<int32_t>{std::max(each.decision.label, 0)});
    observed.scores.push_back(positive >= 0 ? each.probabilities[static_cast<size_t>(positive)]
                                            : *std::ranges::max_element(each.probabilities));
    observed.out_of_scope += each.out_of_scope ? 1 : 0;
    observed.lengths.push_back(CharactersOf(observed.texts[t]));
    const TextCoverage coverage = classifier.scorer().CoverageOf(observed.texts[t]);
    observed.unknown_shares.push_back(
        coverage.pieces == 0 ? 0 : static_cast<double>(coverage.unknown) / static_cast<double>(coverage.pieces));
  }
  return observed;
}

}  // namespace winnow
