/// Choice of the rule by which a bundle recognizes out-of-scope texts, from held-out in-scope texts and, if available,
/// out-of-scope texts; and measurement of the rule.
///
/// The means of the distance are fitted to a half of the in-scope texts, and its threshold is chosen on the other half:
/// if both used the same texts, these would have smaller distances than new texts. Probability and energy, which need
/// no fit, are measured on the other half too, so that all methods are compared on the same texts. The halves are drawn
/// at random within each label, with a fixed seed.
///
/// The threshold is an order statistic of the scores of in-scope texts (decide/neyman_pearson.h): with the given
/// confidence, at most `max_rejected` of future in-scope texts are rejected, if they are like these.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "classify/scope_rule.h"

namespace winnow {

struct ScopeFitOptions {
  /// Method; empty: with out-of-scope texts the one with the best AUROC, otherwise the distance or, with too few texts
  /// for it, the probability.
  std::optional<ScopeMethod> method = {};
  double max_rejected = 0.05;
  double confidence = 0.95;
};

struct ScopeMethodMetrics {
  ScopeMethod method = ScopeMethod::kMaxProbability;
  std::optional<double> auroc;     ///< area under the ROC curve; none without out-of-scope texts
  std::optional<double> rejected;  ///< share of the out-of-scope texts that are rejected at the threshold
};

struct ScopeFit {
  ScopeRule rule;  ///< the rule; the caller fills in label, source and weights
  std::vector<ScopeMethodMetrics> methods;
  std::vector<std::string> notes;
};

/// Chooses a rule. `logits` are [texts, labels] with their label ids, `outside` are [out-of-scope texts, labels].
/// Errors: kInvalidData with too few texts for the guarantee or the method, with the required number; FitScopeShape's.
Result<ScopeFit> FitScope(std::span<const float> logits, std::span<const int32_t> truth, std::span<const float> outside,
                          size_t labels, const ScopeFitOptions& options);

/// Metrics of a rule on texts that were not used to choose it.
struct ScopeMetrics {
  size_t texts = 0, outside_texts = 0;
  std::optional<double> auroc;
  double rejected = 0;          ///< share of the in-scope texts that are wrongly rejected
  double outside_rejected = 0;  ///< share of the out-of-scope texts that are rejected
  double accuracy = 0;          ///< accuracy on the in-scope texts, without rejection
  double accuracy_kept = 0;     ///< accuracy on the in-scope texts that are not rejected
  double accuracy_all = 0;      ///< accuracy on all texts, where out of scope counts as a label
};

/// Measures a rule. `right`: for each in-scope text, whether its label was predicted correctly. Empty spans make shares
/// of 0.
ScopeMetrics MeasureScope(const ScopeRule& rule, std::span<const float> scores, std::span<const char> right,
                          std::span<const float> outside);

}  // namespace winnow
