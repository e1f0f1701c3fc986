/// Drift: how the texts that a model classifies now differ from its reference texts, first in terms of errors, then in
/// effect sizes, and last in words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "drift/domain_classifier.h"
#include "drift/estimated_performance.h"
#include "drift/observed_texts.h"
#include "feedback/verdict_samples.h"

namespace winnow {

/// A measure of how much two samples differ. It is drift above its limit, if it is also more than chance explains.
struct DriftMeasure {
  std::string name;   ///< key in JSON and metrics: "score_distance"
  std::string title;  ///< "scores"
  double value = 0;   ///< from 0 to 1
  double limit = 0;
  /// A distance that samples of one distribution, as large as these, exceed with a probability of 1 %. 0 for
  /// domain_auc, whose interval says the same.
  double chance = 0;
  double reference_mean = 0, current_mean = 0;  ///< means of what is compared
  bool drifted() const { return value > limit && value > chance; }
};

/// The share of the texts for which a label is decided.
struct DriftLabel {
  std::string label;
  double reference_share = 0, current_share = 0;
};

struct DriftOptions {
  ClassifyOptions classify = {};
  DomainOptions domain = {};
  uint64_t seed = 42;
};

struct DriftReport {
  std::string model, version;
  std::string reference_source, current_source;  ///< where the texts come from, in words
  size_t reference_texts = 0, current_texts = 0;
  size_t redacted = 0;  ///< messages that were left out because their text is redacted
  EstimatedPerformance reference_performance, current_performance;
  /// Rates of the verdicts that people have labelled blindly; absent without a store or without labels.
  std::optional<VerdictRates> audited;
  std::optional<double> max_false_positive_rate;  ///< the guarantee of the model's thresholds
  std::vector<DriftMeasure> measures;
  std::vector<DriftLabel> labels;
  DomainClassifier domain;
  std::vector<double> reference_scores, current_scores;
  bool has_positive_label = false;
  std::string timestamp;

  /// Returns true if an estimated error rate is at least 1.5 times that of the reference texts, beyond the intervals of
  /// both, or the estimated false-positive rate is above the guaranteed one.
  bool errors_drifted() const;
  /// Returns true if the domain classifier tells the samples apart; otherwise its words are chance.
  bool wording_drifted() const;
  /// Returns true if the estimated errors or any measure are beyond their limits.
  bool drifted() const;
};

/// Above this ROC-AUC of the domain classifier, and of the lower end of its interval above one half, texts have
/// drifted.
inline constexpr double kMaxDomainAuc = .6;

/// Fewer texts of either sample are too few for any measure.
inline constexpr size_t kMinDriftTexts = 20;

/// Compares the texts. Errors: kInvalidData for fewer than kMinDriftTexts texts of either sample; those of classifying
/// and of FitDomainClassifier; kCancelled if `progress` returns false, which receives the share that is done.
Result<DriftReport> MeasureDrift(const BundleClassifier& classifier, std::vector<std::string> reference,
                                 std::vector<std::string> current, const DriftOptions& options, ThreadPool& pool,
                                 const std::function<bool(double done)>& progress = {});

}  // namespace winnow
