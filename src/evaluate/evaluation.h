/// A classifier measured on labelled texts.
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
struct Answers {
  std::span<const float> probabilities;  ///< [texts, labels]
  const std::vector<std::string>& labels;
  bool multi_label = false;
  int32_t positive_label = -1;
  std::function<Decision(std::span<const float> probabilities)> decide;  ///< of one text
};

/// Compares the decisions with the set's labels, which are the answers' in their order. Errors: ComputeMetrics';
/// kInvalidData where a text has another number of labels than one and the answers are one out of all.
Result<Metrics> EvaluateAnswers(const Answers& answers, const Dataset& dataset);

/// Classifies the texts and compares the decisions of `options.mode` with their labels. The set has the classifier's
/// labels, in its order, and its texts come from its template (ReadOptions::labels, ::template_text). Errors: those of
/// classifying and of ComputeMetrics; kCancelled when `progress` returns false.
Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress = {});

/// Measures a zero-shot classifier: the set has no template, and its labels are the classifier's, in its order.
Result<Metrics> EvaluateZeroShot(const ZeroShotClassifier& classifier, const Dataset& dataset,
                                 const ClassifyOptions& options, const ZeroShotClassifier::Progress& progress = {});

}  // namespace winnow
