/// Out-of-scope detection: choosing and measuring the rule that recognizes texts that belong to none of a model's
/// labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "calibrate/calibrator.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "evaluate/scope_fit.h"
#include "text/input_text.h"

namespace winnow {

struct ScopeOptions : ScopeFitOptions {
  std::string label = kDefaultScopeLabel;  ///< name for out-of-scope texts
};

/// Receives the number of completed texts. Returning false stops with kCancelled.
using TextProgress = std::function<bool(size_t done)>;

/// Reads out-of-scope texts by the template of the model. Labels, if any, are ignored, and blank texts are left out.
/// `take_report` receives what was read of each file. Errors: ReadTexts'; kInvalidData for files without texts.
Result<std::vector<std::string>> ReadOutOfScopeTexts(const BundleClassifier& classifier,
                                                     std::span<const std::filesystem::path> files,
                                                     const std::function<void(const ReadReport&)>& take_report);

/// Returns views of the texts from ReadOutOfScopeTexts, divided into segments as the template of the model does.
std::vector<InputTextView> OutOfScopeViews(std::span<const std::string> texts);

/// Returns the logits [texts, labels] of the first window of each text; for an out-of-scope text any window is
/// suitable. Errors: those of classifying.
Result<std::vector<float>> FirstWindowLogits(const BundleClassifier& classifier, std::span<const std::string> texts,
                                             const TextProgress& progress);

/// Chooses a rule that keeps options.max_rejected with options.confidence. `outside`: logits [texts, labels] of
/// out-of-scope texts, or empty. Errors: FitScope's; kInvalidArgument for a multi-label model and for a name that is
/// one of its labels.
Result<ScopeFit> CalibrateScope(const HeldOutTexts& texts, std::span<const float> outside, const ScopeOptions& options);

/// The predictions of a model with a rule: the rule's score and the label id of each text.
struct ScopePredictions {
  std::vector<float> scores;
  std::vector<int32_t> labels;
};

/// Classifies texts with the rule of the model. Errors: those of classifying.
Result<ScopePredictions> PredictScope(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                      const ClassifyOptions& options, const TextProgress& progress);

/// Measures a rule on labelled in-scope texts, `inside`, and on out-of-scope texts.
ScopeMetrics MeasureScopeRule(const ScopeRule& rule, const Dataset& inside, const ScopePredictions& of_inside,
                              const ScopePredictions& of_outside);

}  // namespace winnow
