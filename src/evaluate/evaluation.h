/// Measurement of a classifier on labelled texts.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "classify/zero_shot.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"

namespace winnow {

/// The predictions of a classifier for the texts of a set, and how they are interpreted.
struct Predictions {
  std::span<const float> probabilities;  ///< [texts, labels]
  const std::vector<std::string>& labels;
  bool multi_label = false;
  int32_t positive_label = -1;
  std::function<Decision(std::span<const float> probabilities)> decide;  ///< makes the decision for one text
  std::span<const char> rejected = {};  ///< [texts] whether the text is out of scope; empty: there is no rule for it
};

/// The probabilities [texts, labels] of a model and, if it has a rule for it, whether each text is out of scope.
struct ScopedProbabilities {
  std::vector<float> probabilities;
  std::vector<char> rejected;  ///< empty without a rule
};

/// Classifies the texts. Errors: those of classifying; kCancelled if `progress` returns false.
Result<ScopedProbabilities> ProbabilitiesAndScope(const BundleClassifier& classifier,
                                                  std::span<const InputTextView> texts,
                                                  const BundleClassifier::Progress& progress = {});

/// Returns what the rule changes, as a note: "the rule for out-of-scope texts is not applied: it rejects 4.0 % ...".
std::string ScopeNote(const ScopeEffect& effect);

/// Compares the decisions with the set's labels, which must be those of the predictions, in their order. With
/// `rejected`, the metrics say, in a note too, what the rule for out-of-scope texts changes. Errors:
/// ComputeMetrics'; kInvalidData if the predictions are single-label and a text does not have exactly one label.
Result<Metrics> EvaluatePredictions(const Predictions& predictions, const Dataset& dataset);

/// Classifies the texts and compares the decisions of `options.mode` with their labels. The set must have the
/// classifier's labels, in its order, and its texts must come from its template (ReadOptions::labels, ::template_text).
/// Errors: those of classifying and of ComputeMetrics; kCancelled if `progress` returns false.
Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress = {});

/// Measures a zero-shot classifier. The set must have no template, and the classifier's labels, in its order.
Result<Metrics> EvaluateZeroShot(const ZeroShotClassifier& classifier, const Dataset& dataset,
                                 const ClassifyOptions& options, const ZeroShotClassifier::Progress& progress = {});

}  // namespace winnow
