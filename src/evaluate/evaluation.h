/// A classifier measured on labelled texts.
#pragma once

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"

namespace winnow {

/// Classifies the texts and compares the decisions of `options.mode` with their labels. The set has the classifier's
/// labels, in its order, and its texts come from its template (ReadOptions::labels, ::template_text). Errors: those of
/// classifying and of ComputeMetrics; kCancelled when `progress` returns false.
Result<Metrics> EvaluateClassifier(const BundleClassifier& classifier, const Dataset& dataset,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress = {});

}  // namespace winnow
