#include "report/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/names.h"
#include "base/progress.h"
#include "decide/label_thresholds.h"
#include "evaluate/mcnemar.h"
#include "report/report_words.h"

namespace winnow {
namespace {

/// Returns the names of the labels that the baseline assigns.
std::string AssignedLabels(const Metrics& metrics, const MajorityBaseline& majority) {
  std::string names;
  for (const int32_t id : majority.labels) {
    names += (names.empty() ? "" : ", ") + QuotedName(metrics.labels[static_cast<size_t>(id)]);
  }
  return names.empty() ? "no label" : names;
}

/// Returns the first few names: "'a', 'b' and 3 more".
std::string QuotedNames(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(QuotedName(name));
  return FirstNames(quoted, 5);
}

/// The macro-F1 of always assigning all labels: of a label with the share p of the texts, the precision is p and the
/// recall
/// 1. No decision that ignores the text has a higher expected one.
double MacroF1OfAllLabels(const Metrics& m) {
  double sum = 0;
  int labels = 0;
  for (const ClassMetrics& label : m.per_class) {
    if (label.support == 0) continue;
    const double share = static_cast<double>(label.support) / static_cast<double>(std::max<int64_t>(m.count, 1));
    sum += 2 * share / (1 + share);
    ++labels;
  }
  return labels == 0 ? 0 : sum / labels;
}

/// Of a multi-label set most of whose texts have no label. A text counts as right for the accuracy only if its whole
/// set of labels is; assigning no label is right so often that a useful model may have a lower accuracy.
BaselineVerdict VerdictByMacroF1(const Metrics& m) {
  const double baseline = MacroF1OfAllLabels(m);
  const std::string always = fmt::format("always assigning all labels (macro-F1 {:.3f})", baseline);
  if (!(m.f1_macro > baseline)) {
    return {BaselineVerdict::kNotBetter, fmt::format("No better than {}: the macro-F1 is {:.3f}.", always, m.f1_macro)};
  }
  if (m.f1_macro_interval && !(m.f1_macro_interval->low > baseline)) {
    return {
        BaselineVerdict::kUnclear,
        fmt::format("Not clearly better than {}: the macro-F1 of {:.3f} may be due to chance.", always, m.f1_macro)};
  }
  return {BaselineVerdict::kBetter, fmt::format("Better than {}: the macro-F1 is {:.3f}.", always, m.f1_macro)};
}

/// Number of texts in `whole` for a share of all texts.
int64_t PartOf(double share, int64_t whole) { return std::llround(share * static_cast<double>(whole)); }

/// Returns true if more texts are right than with the baseline, and chance does not explain it. Both are right about
/// the same texts mostly, so that those that only one of them is right about decide, as in a comparison of two models
/// (McNemar's exact test). Sets of labels have no confusion matrix: there the interval of the accuracy decides.
bool IsClearlyBetter(const Metrics& m, const MajorityBaseline& majority, double baseline) {
  const size_t labels = m.labels.size();
  if (m.confusion.size() != labels * labels || majority.labels.size() != 1)
    return !m.accuracy_interval || m.accuracy_interval->low > baseline;
  int64_t right = 0;
  for (size_t label = 0; label < labels; ++label) right += m.confusion[label * labels + label];
  const auto most = static_cast<size_t>(majority.labels.front());
  const int64_t both = m.confusion[most * labels + most];
  constexpr double kLevel = .05;
  return McNemarTest(right - both, majority.texts - both).p_value < kLevel;
}

}  // namespace

MajorityBaseline MajorityOf(std::span<const std::vector<int32_t>> truth) {
  std::map<std::vector<int32_t>, int64_t> counts;
  for (const std::vector<int32_t>& labels : truth) {
    // No model that always assigns the same labels can assign an unknown one.
    if (labels.empty() || labels.front() >= 0) ++counts[labels];
  }
  MajorityBaseline majority;
  for (const auto& [labels, texts] : counts) {
    if (texts > majority.texts) majority = {.labels = labels, .texts = texts};
  }
  return majority;
}

BaselineVerdict VerdictAgainstMajority(const Metrics& m, const MajorityBaseline& majority) {
  const std::string labels = AssignedLabels(m, majority);
  if (majority.texts == m.count) {
    return {BaselineVerdict::kUnclear,
            fmt::format("All texts have {}: they cannot show whether the model recognizes other texts.",
                        majority.labels.empty() ? "no label" : "the label " + labels)};
  }
  if (majority.labels.empty()) return VerdictByMacroF1(m);
  const double baseline = static_cast<double>(majority.texts) / static_cast<double>(std::max<int64_t>(m.count, 1));
  const std::string always = fmt::format("always assigning {} (accuracy {})", labels, PercentText(baseline));
  const double points = 100 * std::abs(m.accuracy - baseline);
  if (m.accuracy == baseline) return {BaselineVerdict::kNotBetter, fmt::format("Only as accurate as {}.", always)};
  if (m.accuracy < baseline) {
    return {BaselineVerdict::kNotBetter, fmt::format("Worse than {} by {:.1f} percentage points.", always, points)};
  }
  if (!IsClearlyBetter(m, majority, baseline)) {
    return {BaselineVerdict::kUnclear,
            fmt::format("Not clearly better than {}: the difference of {:.1f} percentage points may be due to chance.",
                        always, points)};
  }
  return {BaselineVerdict::kBetter, fmt::format("Better than {} by {:.1f} percentage points.", always, points)};
}

std::string ExpectationText(const Metrics& m) {
  const int64_t rounded = PartOf(m.accuracy, 1000);
  const bool hides_a_text = (rounded == 0 && m.accuracy > 0) || (rounded == 1000 && m.accuracy < 1);
  const int64_t whole = hides_a_text ? 100'000 : 1000;
  std::string sentence = fmt::format("Of {} texts like these, expect about {} to get {}", FormatCount(whole),
                                     FormatCount(PartOf(m.accuracy, whole)),
                                     m.multi_label ? "exactly the right labels" : "the right label");
  if (const auto& interval = m.accuracy_interval) {
    sentence += fmt::format(" (with 95 % confidence, between {} and {})", FormatCount(PartOf(interval->low, whole)),
                            FormatCount(PartOf(interval->high, whole)));
  }
  return sentence + ".";
}

std::string NeverPredictedText(const Metrics& m) {
  std::vector<size_t> never;
  std::vector<std::string> never_names;
  for (size_t i = 0; i < m.per_class.size(); ++i) {
    if (m.per_class[i].support == 0 || m.per_class[i].decided > 0) continue;
    never.push_back(i);
    never_names.push_back(m.labels[i]);
  }
  if (never.empty()) return "";
  const std::string names = QuotedNames(never_names);
  if (never.size() > 1) {
    return fmt::format("{} of {} labels were never predicted, although there are texts with them: {}.", never.size(),
                       m.labels.size(), names);
  }
  const int64_t support = m.per_class[never[0]].support;
  return fmt::format("The label {} was never predicted, although {} text{} it.", names, support,
                     support == 1 ? " has" : "s have");
}

std::string UntunedText(const std::vector<std::string>& labels) {
  if (labels.empty()) return "";
  const bool one = labels.size() == 1;
  return fmt::format(
      "The decision threshold{} of {} could not be tuned and stay{} 0.5: fewer than {} held-out texts have {}, or fewer "
      "than {} do not.",
      one ? "" : "s", QuotedNames(labels), one ? "s" : "", kFewestTextsOfThreshold, one ? "this label" : "these labels",
      kFewestTextsOfThreshold);
}

std::string EvaluationVerdict(const Metrics& metrics, const MajorityBaseline& majority) {
  const std::string never = NeverPredictedText(metrics);
  return ExpectationText(metrics) + " " + VerdictAgainstMajority(metrics, majority).sentence +
         (never.empty() ? "" : " " + never);
}

std::string VerdictLine(const Metrics& metrics, const MajorityBaseline& majority,
                        const std::vector<std::string>& untuned_labels) {
  std::string line =
      fmt::format("Accuracy {}. {}", PercentText(metrics.accuracy), VerdictAgainstMajority(metrics, majority).sentence);
  for (const std::string& more : {NeverPredictedText(metrics), UntunedText(untuned_labels)}) {
    if (!more.empty()) line += " " + more;
  }
  return line;
}

}  // namespace winnow
