/// Chooses when a bundle answers "none of these", from held-out texts in scope and, where there are some, texts out of
/// scope; and measures it.
///
/// Held-out texts of even places make the distance's means, those of odd places choose its threshold: both from the
/// same texts, the texts would look nearer than new ones are. Probability and energy, which need no fit, are measured
/// on the odd places too, so that all three are compared alike.
///
/// The threshold is the order statistic of the scores of texts in scope (decide/neyman_pearson.h): of the texts in
/// scope to come at most `max_rejected` are called out of scope, with the confidence, if they are like these.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "classify/scope_rule.h"

namespace winnow {

struct ScopeFitOptions {
  std::optional<ScopeMethod> method = {};  ///< empty: with texts out of scope the one of the best AUROC, else the
                                           ///< distance, or, with too few texts for it, the probability
  double max_rejected = 0.05;
  double confidence = 0.95;
};

struct ScopeMethodFigures {
  ScopeMethod method = ScopeMethod::kMaxProbability;
  std::optional<double> auroc;     ///< none without texts out of scope
  std::optional<double> rejected;  ///< share of these at the threshold
};

struct ScopeFit {
  ScopeRule rule;  ///< label, source and weights are the caller's
  std::vector<ScopeMethodFigures> methods;
  std::vector<std::string> notes;
};

/// `logits` [texts, labels] with their label ids, `outside` [texts out of scope, labels]. Errors: kInvalidData with too
/// few texts for the guarantee or the method, telling how many are needed; FitScopeShape's.
Result<ScopeFit> FitScope(std::span<const float> logits, std::span<const int32_t> truth, std::span<const float> outside,
                          size_t labels, const ScopeFitOptions& options);

/// Metrics of a rule on texts that were not used to choose it.
struct ScopeMetrics {
  size_t texts = 0, outside_texts = 0;
  std::optional<double> auroc;
  double rejected = 0;          ///< share of the in-scope texts that are wrongly rejected
  double outside_rejected = 0;  ///< share of the out-of-scope texts that are rejected
  double accuracy = 0;          ///< of the in-scope texts, without rejection
  double accuracy_kept = 0;     ///< of the in-scope texts that are not rejected
  double accuracy_all = 0;      ///< of all texts: out of scope counts as a label
};

/// `right`: for each text in scope, whether the label was. Empty spans make shares of 0.
ScopeMetrics MeasureScope(const ScopeRule& rule, std::span<const float> scores, std::span<const char> right,
                          std::span<const float> outside);

}  // namespace winnow
