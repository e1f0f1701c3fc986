#include "drift/estimated_performance.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

constexpr int kDraws = 500;

/// Sums over texts: expected numbers, or the numbers of one draw of the labels.
struct Sums {
  double right = 0, decisions = 0;
  double positives = 0, negatives = 0, false_positives = 0, false_negatives = 0, texts = 0;

  void AddDecision(double is_right) {
    right += is_right;
    ++decisions;
  }
  void AddPositive(double is_positive, bool decided) {
    positives += is_positive;
    negatives += 1 - is_positive;
    (decided ? false_positives : false_negatives) += decided ? 1 - is_positive : is_positive;
    ++texts;
  }

  double Accuracy() const { return decisions > 0 ? right / decisions : 0; }
  double FalsePositiveRate() const { return negatives > 0 ? false_positives / negatives : 0; }
  double FalseNegativeRate() const { return positives > 0 ? false_negatives / positives : 0; }
  double Positives() const { return texts > 0 ? positives / texts : 0; }
};

/// Adds a text of a model whose labels exclude each other. The true label is the one in whose part of [0, 1) `at` lies,
/// the positive label's part first and the decided label's next; without `at`, all of them by their probabilities.
void AddSingle(std::span<const float> row, int32_t decided, int32_t positive, std::optional<double> at, Sums& sums) {
  const double p = row[static_cast<size_t>(decided)];
  const bool is_positive = decided == positive;
  const double q = positive < 0 ? 0 : row[static_cast<size_t>(positive)];
  const double begin = is_positive || positive < 0 ? 0 : q;
  sums.AddDecision(at ? (*at >= begin && *at < begin + p ? 1 : 0) : p);
  if (positive >= 0) sums.AddPositive(at ? (*at < q ? 1 : 0) : q, is_positive);
}

Sums SumsOf(const ObservedTexts& texts, const LabelKind& kind, Random* random) {
  Sums sums;
  for (size_t t = 0; t < texts.decided.size(); ++t) {
    const auto row = std::span(texts.probabilities).subspan(t * kind.labels, kind.labels);
    const auto draw = [&] { return random != nullptr ? std::optional(random->Uniform()) : std::nullopt; };
    if (!kind.multi_label) {
      AddSingle(row, texts.decided[t].front(), kind.positive_label, draw(), sums);
      continue;
    }
    for (size_t label = 0; label < kind.labels; ++label) {
      const bool decided = std::ranges::find(texts.decided[t], static_cast<int32_t>(label)) != texts.decided[t].end();
      const std::optional<double> at = draw();
      const double has = at ? (*at < row[label] ? 1 : 0) : row[label];
      sums.AddDecision(decided ? has : 1 - has);
      if (static_cast<int32_t>(label) == kind.positive_label) sums.AddPositive(has, decided);
    }
  }
  return sums;
}

Interval PercentilesOf(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) { return values[static_cast<size_t>(share * static_cast<double>(kDraws - 1))]; };
  return {.low = at(.025), .high = at(.975)};
}

}  // namespace

EstimatedPerformance EstimatePerformance(const ObservedTexts& texts, const LabelKind& kind, uint64_t seed) {
  const Sums expected = SumsOf(texts, kind, nullptr);
  Random random(seed, "estimated performance");
  std::vector<Sums> draws;
  draws.reserve(kDraws);
  for (int d = 0; d < kDraws; ++d) draws.push_back(SumsOf(texts, kind, &random));
  const auto value = [&](double (Sums::*rate)() const) {
    std::vector<double> values;
    values.reserve(draws.size());
    for (const Sums& sums : draws) values.push_back((sums.*rate)());
    return EstimatedValue{.value = (expected.*rate)(), .interval = PercentilesOf(std::move(values))};
  };
  EstimatedPerformance estimated;
  estimated.accuracy = value(&Sums::Accuracy);
  if (kind.positive_label < 0) return estimated;
  estimated.positives = value(&Sums::Positives);
  if (expected.negatives > 0) estimated.false_positive_rate = value(&Sums::FalsePositiveRate);
  if (expected.positives > 0) estimated.false_negative_rate = value(&Sums::FalseNegativeRate);
  return estimated;
}

}  // namespace winnow
