#include "evaluate/paired.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/random.h"

namespace winnow {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Counts of one model over texts, one added at a time.
class Tally {
 public:
  explicit Tally(const DecidedTexts& texts) : texts_(texts), counts_(texts.labels) {}

  /// Declares that the texts so far are all texts, and those that follow are resamples of them.
  void EndAllTexts() { of_all_texts_ = counts_; }

  void Clear() {
    std::ranges::fill(counts_, LabelCounts{});
    count_ = right_ = 0;
  }

  void Add(size_t text) {
    const std::vector<int32_t>&truth = texts_.truth[text], &decided = texts_.decided[text];
    ++count_;
    right_ += truth == decided ? 1 : 0;
    for (const int32_t label : decided) {
      LabelCounts& counts = counts_[static_cast<size_t>(label)];
      ++(std::ranges::binary_search(truth, label) ? counts.true_positives : counts.false_positives);
    }
    for (const int32_t label : truth) {
      if (label >= 0 && !std::ranges::binary_search(decided, label))
        ++counts_[static_cast<size_t>(label)].false_negatives;
    }
  }

  double Accuracy() const { return Share(right_, count_); }
  double F1() const { return MacroF1OfResample(counts_, of_all_texts_, texts_.multi_label); }
  double Recall() const { return Share(Positive().true_positives, Positives()); }
  double Fpr() const { return Share(Positive().false_positives, count_ - Positives()); }
  bool HasBothKinds() const { return texts_.positive_label >= 0 && Positives() > 0 && Positives() < count_; }

 private:
  const LabelCounts& Positive() const { return counts_[static_cast<size_t>(texts_.positive_label)]; }
  int64_t Positives() const { return Positive().true_positives + Positive().false_negatives; }

  const DecidedTexts& texts_;
  std::vector<LabelCounts> counts_, of_all_texts_;
  int64_t count_ = 0, right_ = 0;
};

struct ComparedMetric {
  const char* name;
  double (Tally::*value)() const;
  bool needs_both_kinds;
};
constexpr ComparedMetric kComparedMetrics[] = {{"accuracy", &Tally::Accuracy, false},
                                               {"f1_macro", &Tally::F1, false},
                                               {"recall", &Tally::Recall, true},
                                               {"fpr", &Tally::Fpr, true}};

/// Linear between order statistics, as numpy.percentile does.
double Quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::optional<Interval> Middle(std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return Interval{Quantile(values, 0.025), Quantile(values, 0.975)};
}

void AddMetrics(const DecidedTexts& first, const DecidedTexts& second, const PairedOptions& options,
                PairedComparison& comparison) {
  Tally a(first), b(second);
  for (size_t i = 0; i < first.size(); ++i) {
    a.Add(i);
    b.Add(i);
  }
  a.EndAllTexts();
  b.EndAllTexts();
  std::vector<const ComparedMetric*> defined;
  for (const ComparedMetric& metric : kComparedMetrics) {
    if (metric.needs_both_kinds && !(a.HasBothKinds() && b.HasBothKinds())) continue;
    defined.push_back(&metric);
    comparison.metrics.push_back(
        {.name = metric.name, .first = (a.*metric.value)(), .second = (b.*metric.value)(), .difference = {}});
  }
  std::vector<std::vector<double>> differences(defined.size());
  Random random(options.seed, "paired bootstrap");
  const auto texts = static_cast<uint32_t>(first.size());
  for (int resample = 0; resample < options.resamples; ++resample) {
    a.Clear();
    b.Clear();
    for (uint32_t i = 0; i < texts; ++i) {
      const size_t text = random.Below(texts);
      a.Add(text);
      b.Add(text);
    }
    for (size_t f = 0; f < defined.size(); ++f) {
      if (defined[f]->needs_both_kinds && !a.HasBothKinds()) continue;
      differences[f].push_back((b.*defined[f]->value)() - (a.*defined[f]->value)());
    }
  }
  for (size_t f = 0; f < defined.size(); ++f) comparison.metrics[f].difference = Middle(differences[f]);
}

}  // namespace

PairedComparison ComparePaired(const DecidedTexts& first, const DecidedTexts& second, const PairedOptions& options) {
  PairedComparison comparison;
  int64_t only_first = 0, only_second = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const bool a = first.Right(i), b = second.Right(i);
    if (a != b) comparison.differing.push_back(i);
    ++(a ? (b ? comparison.both_right : only_first) : (b ? only_second : comparison.both_wrong));
  }
  comparison.test = McNemarTest(only_first, only_second);
  std::ranges::stable_sort(comparison.differing, std::greater<>(),
                           [&](size_t i) { return first.Right(i) ? second.confidence[i] : first.confidence[i]; });
  AddMetrics(first, second, options, comparison);
  return comparison;
}

std::string VerdictOf(const PairedComparison& comparison, const std::string& first, const std::string& second) {
  const McNemar& test = comparison.test;
  const std::string p =
      test.p_value < 0.0001 ? "p < 0.0001" : fmt::format("p = {:.{}f}", test.p_value, test.p_value < 0.1 ? 4 : 2);
  const std::string counts = fmt::format("{} alone classified {} text{} correctly, {} alone {}", first, test.only_first,
                                         test.only_first == 1 ? "" : "s", second, test.only_second);
  if (test.p_value >= 0.05) {
    return fmt::format("{}. The difference is not significant (exact McNemar test, {}).", counts, p);
  }
  return fmt::format("{}. {} is significantly better (exact McNemar test, {}).", counts,
                     test.only_first > test.only_second ? first : second, p);
}

}  // namespace winnow
