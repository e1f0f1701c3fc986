/// A classifier as a step of the filter.
#pragma once

#include <string>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "filter/spam_filter.h"

namespace winnow {

/// Errors: kUnsupported for a model that does not tell spam from other messages: one without a positive label, and a
/// multi-label model.
Result<void> CheckFilterModel(const BundleClassifier& classifier);

/// Returns a warning if the filter takes a label for spam only because it is the second one of two, and neither name
/// tells which of them is spam; otherwise an empty string.
std::string ArbitraryLabelWarning(const BundleClassifier& classifier);

/// Returns what the model says about a message. `text` is its prediction with FilterProgress::options(). With more than
/// two labels, the probability is that of the positive label beside its strongest rival, by which the model decides.
ModelAnswer AnswerOf(const BundleClassifier& classifier, const ClassifiedText& text);

}  // namespace winnow
