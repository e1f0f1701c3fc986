#include "drift/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/machine.h"
#include "drift/effect_size.h"
#include "drift/label_distance.h"

namespace winnow {
namespace {

// Limits of effect sizes: a tenth of the texts has another label; distributions differ by a fifth, which a large sample
// shows clearly and a reader sees in a chart.
constexpr double kMaxLabelDistance = .1;
constexpr double kMaxDistance = .2;
// An error rate is worse from half as many errors more on; otherwise a large sample would show any difference as drift.
constexpr double kMinRatio = 1.5;

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

DriftMeasure DistanceOf(std::string name, std::string title, const std::vector<double>& reference,
                        const std::vector<double>& current) {
  return {.name = std::move(name),
          .title = std::move(title),
          .value = DistributionDistance(reference, current),
          .limit = kMaxDistance,
          .chance = ChanceOfDistributionDistance(reference.size(), current.size()),
          .reference_mean = MeanOf(reference),
          .current_mean = MeanOf(current)};
}

void CompareLabels(const BundleClassifier& classifier, const ObservedTexts& reference, const ObservedTexts& current,
                   uint64_t seed, DriftReport& report) {
  const LabelDistance distance =
      CompareDecisions(reference.decided, current.decided, classifier.labels().size(), classifier.multi_label(), seed);
  for (size_t label = 0; label < classifier.labels().size(); ++label) {
    report.labels.push_back({classifier.labels()[label], distance.reference[label], distance.current[label]});
  }
  report.measures.push_back({.name = "label_distance",
                             .title = "predicted labels",
                             .value = distance.value,
                             .limit = kMaxLabelDistance,
                             .chance = distance.chance});
}

Result<void> CheckEnough(std::string_view name, size_t texts) {
  if (texts >= kMinDriftTexts) return {};
  return Fail(ErrorCode::kInvalidData,
              fmt::format("the {} has {} texts; drift is measured from {} texts on", name, texts, kMinDriftTexts),
              "compare more texts: those of a longer period, or of more files");
}

/// The difference of the shares of texts that the rule for out-of-scope texts rejects.
DriftMeasure OutOfScopeShare(const ObservedTexts& reference, const ObservedTexts& current) {
  const auto first = static_cast<double>(reference.texts.size()), second = static_cast<double>(current.texts.size());
  const auto of_first = static_cast<double>(reference.out_of_scope);
  const auto of_second = static_cast<double>(current.out_of_scope);
  constexpr double kQuantile = 2.576;  // of the normal distribution: exceeded, on either side, in 1 of 100 cases
  const double all = (of_first + of_second) / (first + second);
  return {.name = "out_of_scope_share",
          .title = "share of out-of-scope texts",
          .value = std::abs(of_second / second - of_first / first),
          .limit = kMaxLabelDistance,
          .chance = kQuantile * std::sqrt(all * (1 - all) * (1 / first + 1 / second)),
          .reference_mean = of_first / first,
          .current_mean = of_second / second};
}

bool IsWorse(const std::optional<EstimatedValue>& reference, const std::optional<EstimatedValue>& current) {
  return reference && current && current->interval.low > reference->interval.high &&
         current->value >= kMinRatio * reference->value;
}

/// Returns the false-positive rate that the thresholds guarantee for these decisions.
std::optional<double> GuaranteedFpr(const Manifest& manifest, const ClassifyOptions& options) {
  const std::optional<FprGuarantee>& guarantee = manifest.thresholds.guarantee;
  if (!guarantee || options.threshold) return std::nullopt;
  switch (options.mode) {
    case Mode::kStrict:
      return 2 * guarantee->max_fpr;
    case Mode::kLenient:
      return guarantee->lenient_max_fpr;
    case Mode::kModerate:
      break;
  }
  return guarantee->max_fpr;
}

EstimatedValue ErrorRateOf(const EstimatedValue& accuracy) {
  return {.value = 1 - accuracy.value, .interval = {1 - accuracy.interval.high, 1 - accuracy.interval.low}};
}

}  // namespace

bool DriftReport::errors_have_risen() const {
  const EstimatedPerformance &before = reference_performance, &now = current_performance;
  return IsWorse(ErrorRateOf(before.accuracy), ErrorRateOf(now.accuracy)) ||
         IsWorse(before.false_positive_rate, now.false_positive_rate) ||
         IsWorse(before.false_negative_rate, now.false_negative_rate);
}

bool DriftReport::exceeds_guarantee() const {
  const auto& rate = current_performance.false_positive_rate;
  return max_false_positive_rate && rate && rate->interval.low > *max_false_positive_rate;
}

bool DriftReport::wording_drifted() const {
  return std::ranges::any_of(measures,
                             [](const DriftMeasure& each) { return each.name == "domain_auc" && each.drifted(); });
}

bool DriftReport::drifted() const { return errors_drifted() || std::ranges::any_of(measures, &DriftMeasure::drifted); }

Result<DriftReport> MeasureDrift(const BundleClassifier& classifier, std::vector<std::string> reference,
                                 std::vector<std::string> current, const DriftOptions& options, ThreadPool& pool,
                                 const std::function<bool(double done)>& progress) {
  TRY(CheckEnough("reference", reference.size()));
  TRY(CheckEnough("current sample", current.size()));
  const double total = static_cast<double>(reference.size() + current.size());
  const auto tell = [&](size_t before) {
    return [&, before](size_t done) { return !progress || progress(static_cast<double>(before + done) / total); };
  };
  const size_t before = reference.size();
  const ObservedTexts first = TRY(ObserveTexts(classifier, std::move(reference), options.classify, tell(0)));
  const ObservedTexts second = TRY(ObserveTexts(classifier, std::move(current), options.classify, tell(before)));
  const LabelKind kind{.labels = classifier.labels().size(),
                       .positive_label = classifier.positive_label(),
                       .multi_label = classifier.multi_label()};
  DriftReport report;
  report.model = classifier.manifest().name;
  report.version = classifier.manifest().version;
  report.timestamp = TimestampUtc();
  report.reference_texts = first.texts.size();
  report.current_texts = second.texts.size();
  report.has_positive_label = kind.positive_label >= 0;
  report.reference_performance = EstimatePerformance(first, kind, options.seed);
  report.current_performance = EstimatePerformance(second, kind, options.seed);
  report.max_false_positive_rate = GuaranteedFpr(classifier.manifest(), options.classify);
  CompareLabels(classifier, first, second, options.seed, report);
  if (classifier.scope_rule() != nullptr) report.measures.push_back(OutOfScopeShare(first, second));
  report.measures.push_back(DistanceOf("score_distance", "scores", first.scores, second.scores));
  report.measures.push_back(DistanceOf("length_distance", "lengths in characters", first.lengths, second.lengths));
  report.measures.push_back(
      DistanceOf("unknown_distance", "unknown words", first.unknown_shares, second.unknown_shares));
  report.domain = TRY(FitDomainClassifier(first.texts, second.texts, options.domain, pool));
  // With few texts the AUC of samples that do not differ may be above the limit by chance.
  const bool certain = report.domain.interval.low > .5;
  report.measures.push_back({.name = "domain_auc",
                             .title = "wording (ROC-AUC of the domain classifier)",
                             .value = report.domain.auc,
                             .limit = certain ? kMaxDomainAuc : 1});
  report.reference_scores = first.scores;
  report.current_scores = second.scores;
  return report;
}

}  // namespace winnow
