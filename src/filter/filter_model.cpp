#include "filter/filter_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "bundle/positive_label.h"
#include "store/spam_label.h"

namespace winnow {

Result<void> CheckFilterModel(const BundleClassifier& classifier) {
  const std::string& name = classifier.manifest().name;
  if (classifier.multi_label()) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: the model is multi-label and cannot filter messages", name),
                "train a model with one label per text, such as spam and ham");
  }
  if (classifier.positive_label() < 0) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: the model has no positive label, which the filter takes for spam", name),
                "train it with --positive-label LABEL, or name the label 'spam'");
  }
  return {};
}

std::string ArbitraryLabelWarning(const BundleClassifier& classifier) {
  const std::string& positive = classifier.manifest().positive_label;
  const auto& labels = classifier.labels();
  if (labels.size() != 2 || PositiveByName(labels) || positive != labels[1] || IsSpamLabel(labels[0]) == false)
    return "";
  return fmt::format(
      "{}: the filter takes the label '{}' for spam, because it is the positive label of the model, although its name "
      "does not say so; to choose another label, train with --positive-label",
      classifier.manifest().name, positive);
}

ModelAnswer AnswerOf(const BundleClassifier& classifier, const ClassifiedText& text) {
  const auto positive = static_cast<size_t>(classifier.positive_label());
  const double probability = text.probabilities[positive];
  double rival = 0;
  size_t rival_label = positive;
  for (size_t label = 0; label < text.probabilities.size(); ++label) {
    if (label == positive) continue;
    const double other = text.probabilities[label];
    if (rival_label == positive || other > rival) rival_label = label;
    rival = std::max(rival, other);
  }
  const bool binary = text.probabilities.size() == 2;
  return {.probability = binary || probability + rival == 0 ? probability : probability / (probability + rival),
          .threshold = text.decision.threshold.value_or(0.5F),
          .version = classifier.manifest().version,
          .other_label = rival_label == positive ? "" : classifier.labels()[rival_label]};
}

}  // namespace winnow
