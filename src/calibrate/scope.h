/// Texts that belong to none of a model's labels: choosing and measuring the rule that recognizes them.
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
  std::string label = kDefaultScopeLabel;  ///< the name of such texts
};

/// Told how many texts are done; false stops with kCancelled.
using TextProgress = std::function<bool(size_t done)>;

/// Reads texts that are out of scope, by the template of the model; labels, if any, are not looked at, and blank texts
/// are left out. Errors: ReadTexts'; kInvalidData for files without texts.
Result<std::vector<std::string>> ReadOutOfScopeTexts(const BundleClassifier& classifier,
                                                     std::span<const std::filesystem::path> files);

/// The texts that ReadOutOfScopeTexts has read, with the segments that the template of the model divides them into.
std::vector<InputTextView> OutOfScopeViews(std::span<const std::string> texts);

/// Logits [texts, labels] of the first window of each text: of a text that is out of scope any window will do. Errors:
/// those of classifying.
Result<std::vector<float>> FirstWindowLogits(const BundleClassifier& classifier, std::span<const std::string> texts,
                                             const TextProgress& progress);

/// Chooses a rule that keeps options.max_rejected with options.confidence. `outside`: logits [texts, labels] of texts
/// out of scope, or none. Errors: FitScope's; kInvalidArgument for a multi-label model and for a name that is one of
/// its labels.
Result<ScopeFit> CalibrateScope(const HeldOutTexts& texts, std::span<const float> outside, const ScopeOptions& options);

/// The predictions of a model with a rule: the score of the rule and the label id per text.
struct ScopePredictions {
  std::vector<float> scores;
  std::vector<int32_t> labels;
};

/// Classifies texts with the rule of the model. Errors: those of classifying.
Result<ScopePredictions> PredictScope(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                      const ClassifyOptions& options, const TextProgress& progress);

/// Measures a rule on labelled texts in scope, `inside`, and texts out of scope.
ScopeMetrics MeasureScopeRule(const ScopeRule& rule, const Dataset& inside, const ScopePredictions& of_inside,
                              const ScopePredictions& of_outside);

}  // namespace winnow
