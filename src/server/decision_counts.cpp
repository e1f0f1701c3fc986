#include "server/decision_counts.h"

namespace winnow {

std::vector<std::string> DecisionNames(const BundleClassifier& classifier) {
  std::vector<std::string> names = classifier.labels();
  names.push_back(classifier.scope_rule() == nullptr ? "" : classifier.scope_rule()->label);
  names.emplace_back(classifier.multi_label() ? kNoLabel : "");
  std::erase(names, "");
  return names;
}

DecisionCounts CountDecisions(const BundleClassifier& classifier, std::span<const ClassifiedText> texts) {
  const std::vector<std::string>& labels = classifier.labels();
  std::vector<size_t> by_label(labels.size());
  DecisionCounts counts = {.model = classifier.manifest().name,
                           .version = classifier.manifest().version,
                           .texts = texts.size(),
                           .decisions = {}};
  size_t out_of_scope = 0, none = 0;
  for (const ClassifiedText& text : texts) {
    counts.abstained += text.decision.abstained ? 1 : 0;
    if (text.out_of_scope) {
      ++out_of_scope;
    } else if (text.decision.label < 0) {
      ++none;
    } else if (classifier.multi_label()) {
      for (const int32_t label : text.decision.labels) ++by_label[static_cast<size_t>(label)];
    } else {
      ++by_label[static_cast<size_t>(text.decision.label)];
    }
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (by_label[i] > 0) counts.decisions.emplace_back(labels[i], by_label[i]);
  }
  if (out_of_scope > 0) counts.decisions.emplace_back(classifier.scope_rule()->label, out_of_scope);
  if (none > 0) counts.decisions.emplace_back(kNoLabel, none);
  return counts;
}

}  // namespace winnow
