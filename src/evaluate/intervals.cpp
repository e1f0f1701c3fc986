#include "evaluate/intervals.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "data/random.h"
#include "evaluate/quantile.h"

namespace winnow {
namespace {

/// Returns how far Wilson's interval of the micro-F1 reaches below and above it. With one label per text, the micro-F1
/// is the accuracy.
std::pair<double, double> MarginsOfMicroF1(std::span<const LabelCounts> counts) {
  int64_t right = 0, wrong = 0;
  for (const LabelCounts& label : counts) {
    right += label.true_positives;
    wrong += label.false_positives + label.false_negatives;
  }
  const int64_t trials = right + (wrong + 1) / 2;  // a text that got another label is wrong for both
  if (trials == 0) return {0, 1};
  const double share = static_cast<double>(right) / static_cast<double>(trials);
  const Interval wilson = WilsonInterval(right, trials).value_or(Interval{0, 1});
  return {share - wilson.low, wilson.high - share};
}

/// Returns the mean number of texts that have a label, over the labels that the macro-F1 is the mean of.
double TextsPerLabel(std::span<const LabelCounts> counts, bool count_absent) {
  int64_t texts = 0, labels = 0;
  for (const LabelCounts& label : counts) {
    texts += label.true_positives + label.false_negatives;
    labels += count_absent || label != LabelCounts{} ? 1 : 0;
  }
  return labels == 0 ? 0 : static_cast<double>(texts) / static_cast<double>(labels);
}

constexpr double kFewTextsPerLabel = 3;

}  // namespace

std::optional<Interval> WilsonInterval(int64_t successes, int64_t trials) {
  if (trials <= 0 || successes < 0 || successes > trials) return std::nullopt;
  constexpr double z = 1.959963984540054;  // the normal distribution's 97.5 % point
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double scale = 1.0 / (1.0 + z * z / n);
  const double center = (p + z * z / (2 * n)) * scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) * scale;
  // At the ends the bound is 0 or 1 exactly; rounding would leave 1e-17.
  return Interval{successes == 0 ? 0.0 : std::max(0.0, center - half),
                  successes == trials ? 1.0 : std::min(1.0, center + half)};
}

double F1(const LabelCounts& counts) {
  const int64_t all = 2 * counts.true_positives + counts.false_positives + counts.false_negatives;
  return all == 0 ? 0.0 : 2.0 * static_cast<double>(counts.true_positives) / static_cast<double>(all);
}

double MacroF1(std::span<const LabelCounts> counts, bool count_absent) {
  return MacroF1OfResample(counts, counts, count_absent);
}

double MacroF1OfResample(std::span<const LabelCounts> counts, std::span<const LabelCounts> of_all_texts,
                         bool count_absent) {
  double sum = 0;
  int64_t labels = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const LabelCounts& all = of_all_texts[i];
    const bool only_predicted = all.true_positives + all.false_negatives == 0 && all.false_positives > 0;
    if (!count_absent && !only_predicted && counts[i] == LabelCounts{}) continue;
    sum += F1(counts[i]);
    ++labels;
  }
  return labels == 0 ? 0.0 : sum / static_cast<double>(labels);
}

uint32_t Outcomes::KindId(Kind kind) {
  const auto less = [&](uint32_t id, const Kind& other) { return kinds_[id] < other; };
  const auto at = std::lower_bound(kind_order_.begin(), kind_order_.end(), kind, less);
  if (at != kind_order_.end() && kinds_[*at] == kind) return *at;
  const auto id = static_cast<uint32_t>(kinds_.size());
  kind_order_.insert(at, id);
  kinds_.push_back(std::move(kind));
  return id;
}

void Outcomes::Add(std::span<const int32_t> truth, std::span<const int32_t> decided) {
  while (!truth.empty() && truth.front() < 0) truth = truth.subspan(1);
  Kind kind;
  std::ranges::set_intersection(truth, decided, std::back_inserter(kind.right));
  std::ranges::set_difference(decided, truth, std::back_inserter(kind.wrong));
  std::ranges::set_difference(truth, decided, std::back_inserter(kind.missed));
  kind_of_text_.push_back(KindId(std::move(kind)));
}

void Outcomes::AddCounts(std::span<const int64_t> texts_of_kind, std::span<LabelCounts> counts) const {
  for (size_t i = 0; i < kinds_.size(); ++i) {
    for (const int32_t label : kinds_[i].right) counts[static_cast<size_t>(label)].true_positives += texts_of_kind[i];
    for (const int32_t label : kinds_[i].wrong) counts[static_cast<size_t>(label)].false_positives += texts_of_kind[i];
    for (const int32_t label : kinds_[i].missed) counts[static_cast<size_t>(label)].false_negatives += texts_of_kind[i];
  }
}

std::vector<LabelCounts> Outcomes::Counts() const {
  std::vector<int64_t> texts_of_kind(kinds_.size(), 0);
  for (const uint32_t kind : kind_of_text_) ++texts_of_kind[kind];
  std::vector<LabelCounts> counts(labels_);
  AddCounts(texts_of_kind, counts);
  return counts;
}

std::optional<Interval> Outcomes::BootstrapMacroF1(bool count_absent, int resamples, uint64_t seed) const {
  if (kind_of_text_.empty() || resamples <= 0) return std::nullopt;
  SplitMix64 random(seed);
  std::vector<double> samples(static_cast<size_t>(resamples));
  std::vector<int64_t> texts_of_kind(kinds_.size());
  const std::vector<LabelCounts> of_all_texts = Counts();
  std::vector<LabelCounts> counts(labels_);
  for (double& sample : samples) {
    std::ranges::fill(texts_of_kind, 0);
    std::ranges::fill(counts, LabelCounts{});
    for (size_t i = 0; i < kind_of_text_.size(); ++i)
      // The high half of a product, with a bias below size / 2^32; SplitMix64::Below would draw other texts.
      ++texts_of_kind[kind_of_text_[((random.Next() >> 32) * kind_of_text_.size()) >> 32]];
    AddCounts(texts_of_kind, counts);
    sample = MacroF1OfResample(counts, of_all_texts, count_absent);
  }
  std::ranges::sort(samples);
  const double estimate = MacroF1(of_all_texts, count_absent);
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(resamples);
  const double corrected = 2 * estimate - mean;
  // The bootstrap knows no other texts than these: where all are right, it has no width.
  const auto [below, above] = MarginsOfMicroF1(of_all_texts);
  const double spread = Quantile(samples, 0.975) - mean;
  // With few texts per label the draws know a part of the bias alone: these texts have lost labels already.
  const bool few = TextsPerLabel(of_all_texts, count_absent) < kFewTextsPerLabel;
  const double low = corrected - std::max(mean - Quantile(samples, 0.025), below);
  const double high = corrected + (few ? spread + above : std::max(spread, above));
  return Interval{std::clamp(low, 0.0, estimate), std::clamp(high, estimate, 1.0)};
}

}  // namespace winnow
