#include "evaluate/paired.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "base/random.h"
#include "evaluate/quantile.h"

namespace winnow {
namespace {

constexpr double kLevel = .05;  // of the tests

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Adds a text so many times to the counts of its labels.
void AddToLabels(const std::vector<int32_t>& truth, const std::vector<int32_t>& decided, int64_t times,
                 std::vector<LabelCounts>& counts) {
  for (const int32_t label : decided) {
    LabelCounts& of_label = counts[static_cast<size_t>(label)];
    (std::ranges::binary_search(truth, label) ? of_label.true_positives : of_label.false_positives) += times;
  }
  for (const int32_t label : truth) {
    if (label >= 0 && !std::ranges::binary_search(decided, label))
      counts[static_cast<size_t>(label)].false_negatives += times;
  }
}

/// Texts that are equal to a statistic, stored once: a resample is the number of texts of each kind that it has. There
/// are few kinds, so that a draw costs a look at one number, and not one at all labels of a text.
class Kinds {
 public:
  /// Numbers the kinds of `texts` texts, which are of one kind if `key` returns equal values for them.
  template <typename Key>
  Kinds(size_t texts, const Key& key) {
    std::map<decltype(key(size_t{0})), uint32_t> ids;
    of_text_.reserve(texts);
    for (size_t text = 0; text < texts; ++text) {
      const auto [found, is_new] = ids.try_emplace(key(text), static_cast<uint32_t>(examples_.size()));
      if (is_new) examples_.push_back(text);
      of_text_.push_back(found->second);
    }
  }

  size_t size() const { return examples_.size(); }
  /// Returns the kind of each text.
  std::span<const uint32_t> of_text() const { return of_text_; }
  /// Returns the first text of a kind.
  size_t example(size_t kind) const { return examples_[kind]; }

 private:
  std::vector<uint32_t> of_text_;
  std::vector<size_t> examples_;
};

/// Counts of one model over texts.
class Tally {
 public:
  explicit Tally(const DecidedTexts& texts) : texts_(texts), counts_(texts.labels) {}

  /// Declares that the texts so far are all texts, and those that follow are resamples of them.
  void EndAllTexts() { of_all_texts_ = counts_; }

  void Clear() {
    std::ranges::fill(counts_, LabelCounts{});
    count_ = right_ = 0;
  }

  /// Adds a text so many times.
  void Add(size_t text, int64_t times) {
    const std::vector<int32_t>&truth = texts_.truth[text], &decided = texts_.decided[text];
    count_ += times;
    right_ += truth == decided ? times : 0;
    AddToLabels(truth, decided, times, counts_);
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

/// The texts that decide about a metric. Of them, a model decides one rightly or wrongly.
enum class Counted { kAll, kPositives, kNegatives };

struct ComparedMetric {
  const char* name;
  double (Tally::*value)() const;
  Counted counted;
  bool needs_both_kinds() const { return counted != Counted::kAll; }
};
constexpr ComparedMetric kComparedMetrics[] = {{"accuracy", &Tally::Accuracy, Counted::kAll},
                                               {"f1_macro", &Tally::F1, Counted::kAll},
                                               {"recall", &Tally::Recall, Counted::kPositives},
                                               {"fpr", &Tally::Fpr, Counted::kNegatives}};

/// Returns McNemar's p of the positives or of the negatives: whether the positive label is decided for them.
double PValueOfPositiveLabel(const DecidedTexts& first, const DecidedTexts& second, Counted counted) {
  const auto has = [](const std::vector<int32_t>& ids, int32_t label) {
    return std::ranges::binary_search(ids, label);
  };
  int64_t only_first = 0, only_second = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    if (has(first.truth[i], first.positive_label) != (counted == Counted::kPositives)) continue;
    const bool a = has(first.decided[i], first.positive_label), b = has(second.decided[i], second.positive_label);
    only_first += a && !b ? 1 : 0;
    only_second += b && !a ? 1 : 0;
  }
  return McNemarTest(only_first, only_second).p_value;
}

/// The true labels of the texts, and the decided ones, in ids that both models share.
class SharedTexts {
 public:
  SharedTexts(const DecidedTexts& first, const DecidedTexts& second, std::span<const int32_t> first_id_of_second)
      : count_absent_(first.multi_label) {
    size_t labels = std::max(first.labels, second.labels);
    for (const int32_t id : first_id_of_second) labels = std::max(labels, static_cast<size_t>(id) + 1);
    same_.resize(labels);
    const auto shared = [&](std::vector<int32_t> ids) {
      if (first_id_of_second.empty()) return ids;
      for (int32_t& id : ids) id = id < 0 ? id : first_id_of_second[static_cast<size_t>(id)];
      std::ranges::sort(ids);
      return ids;
    };
    for (size_t i = 0; i < first.size(); ++i) {
      // A label that one of the models does not have is unknown in its truth.
      Text text{.truth = {}, .decided = {first.decided[i], shared(second.decided[i])}};
      std::ranges::set_union(first.truth[i], shared(second.truth[i]), std::back_inserter(text.truth));
      if (text.decided[0] == text.decided[1]) {
        AddToLabels(text.truth, text.decided[0], 1, same_);
      } else {
        differing_.push_back(std::move(text));
      }
    }
  }

  /// Returns the p-value of an approximate randomization test (Yeh 2000) of the difference of the macro-F1: the share
  /// of random exchanges of the decisions whose difference is at least that of the models, which count as one exchange.
  double PValueOfMacroF1(const PairedOptions& options) const {
    Random random(options.seed, "paired randomization test");
    const Kinds kinds(differing_.size(), [&](size_t i) {
      const Text& text = differing_[i];
      return std::tie(text.truth, text.decided[0], text.decided[1]);
    });
    std::vector<int64_t> texts(kinds.size()), exchanged(kinds.size());  // of each kind
    for (const uint32_t kind : kinds.of_text()) ++texts[kind];
    const double of_models = Difference(kinds, texts, exchanged);
    int64_t as_large = 1;
    for (int exchange = 0; exchange < options.exchanges; ++exchange) {
      std::ranges::fill(exchanged, 0);
      for (const uint32_t kind : kinds.of_text()) exchanged[kind] += random.Below(2);
      constexpr double kRounding = 1e-12;
      as_large += Difference(kinds, texts, exchanged) >= of_models - kRounding ? 1 : 0;
    }
    return static_cast<double>(as_large) / static_cast<double>(options.exchanges + 1);
  }

 private:
  struct Text {
    std::vector<int32_t> truth;
    std::vector<int32_t> decided[2];
  };

  /// Returns the difference of the macro-F1 where so many texts of each kind have their decisions exchanged.
  double Difference(const Kinds& kinds, std::span<const int64_t> texts, std::span<const int64_t> exchanged) const {
    std::vector<LabelCounts> counts[2] = {same_, same_};
    for (size_t kind = 0; kind < kinds.size(); ++kind) {
      const Text& text = differing_[kinds.example(kind)];
      for (const size_t model : {0u, 1u}) {
        AddToLabels(text.truth, text.decided[model], texts[kind] - exchanged[kind], counts[model]);
        AddToLabels(text.truth, text.decided[1 - model], exchanged[kind], counts[model]);
      }
    }
    return std::abs(MacroF1(counts[0], count_absent_) - MacroF1(counts[1], count_absent_));
  }

  bool count_absent_;
  std::vector<LabelCounts> same_;  // of the texts that both models decide alike
  std::vector<Text> differing_;
};

std::optional<Interval> Middle(std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return Interval{Quantile(values, 0.025), Quantile(values, 0.975)};
}

void AddMetrics(const DecidedTexts& first, const DecidedTexts& second, const PairedOptions& options,
                PairedComparison& comparison) {
  const Kinds kinds(first.size(), [&](size_t i) {
    return std::tie(first.truth[i], first.decided[i], second.truth[i], second.decided[i]);
  });
  Tally a(first), b(second);
  std::vector<int64_t> texts_of_kind(kinds.size());
  const auto add_all = [&](Tally& tally) {
    for (size_t kind = 0; kind < kinds.size(); ++kind) tally.Add(kinds.example(kind), texts_of_kind[kind]);
  };
  for (const uint32_t kind : kinds.of_text()) ++texts_of_kind[kind];
  add_all(a);
  add_all(b);
  a.EndAllTexts();
  b.EndAllTexts();
  std::vector<const ComparedMetric*> defined;
  for (const ComparedMetric& metric : kComparedMetrics) {
    if (metric.needs_both_kinds() && !(a.HasBothKinds() && b.HasBothKinds())) continue;
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
    std::ranges::fill(texts_of_kind, 0);
    for (uint32_t i = 0; i < texts; ++i) ++texts_of_kind[kinds.of_text()[random.Below(texts)]];
    add_all(a);
    add_all(b);
    for (size_t f = 0; f < defined.size(); ++f) {
      if (defined[f]->needs_both_kinds() && !a.HasBothKinds()) continue;
      differences[f].push_back((b.*defined[f]->value)() - (a.*defined[f]->value)());
    }
  }
  const SharedTexts shared(first, second, options.first_id_of_second);
  for (size_t f = 0; f < defined.size(); ++f) {
    PairedMetric& metric = comparison.metrics[f];
    metric.difference = Middle(differences[f]);
    metric.p_value = defined[f]->value == &Tally::F1  ? shared.PValueOfMacroF1(options)
                     : defined[f]->needs_both_kinds() ? PValueOfPositiveLabel(first, second, defined[f]->counted)
                                                      : comparison.test.p_value;
  }
}

}  // namespace

bool PairedMetric::IsSignificant() const {
  return difference && (difference->low > 0 || difference->high < 0) && p_value < kLevel;
}

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

std::string PValueText(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.{}f}", p, p < 0.1 ? 4 : 2); }

std::string VerdictOf(const PairedComparison& comparison, const std::string& first, const std::string& second) {
  const McNemar& test = comparison.test;
  const std::string value = PValueText(test.p_value), p = (value.starts_with("<") ? "p " : "p = ") + value;
  const std::string counts = fmt::format("{} alone classified {} text{} correctly, {} alone {}", first, test.only_first,
                                         test.only_first == 1 ? "" : "s", second, test.only_second);
  if (test.p_value >= kLevel) {
    return fmt::format("{}. The difference is not significant (exact McNemar test, {}).", counts, p);
  }
  return fmt::format("{}. {} is significantly better (exact McNemar test, {}).", counts,
                     test.only_first > test.only_second ? first : second, p);
}

}  // namespace winnow
