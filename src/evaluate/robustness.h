/// Metrics of a classifier on obfuscated texts, with and without folding (text/disguise.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "evaluate/disguises.h"
#include "evaluate/metrics.h"

namespace winnow {

struct RobustnessOptions {
  std::vector<double> strengths = {0.3, 1.0};  ///< shares of the words that are obfuscated
  uint64_t seed = 42;
  ClassifyOptions classify = {};
};

/// The results with one obfuscation.
struct RobustnessRow {
  std::string disguise;  ///< DisguiseName, or "none"
  double strength = 0;   ///< strength of the obfuscation; 0 for "none", 1 for kinds without strength
  size_t changed = 0;    ///< number of texts that the obfuscation changed
  Metrics off, on;       ///< metrics without and with folding
};

/// Measures a classifier on obfuscated texts. All texts of the set are obfuscated, whatever their label: since senders
/// of spam obfuscate spam, the recall of the positive label shows the effect of the obfuscation, and the false-positive
/// rate shows the effect of distrusting obfuscation. The classifier must not fold obfuscated text itself
/// (BundleClassifier::Load). The rows are "none", then kAllDisguises by strength. Errors: EvaluateClassifier's.
/// `progress` receives the number of completed texts, of RobustnessTexts.
Result<std::vector<RobustnessRow>> MeasureRobustness(const BundleClassifier& classifier, const Dataset& dataset,
                                                     const RobustnessOptions& options,
                                                     const BundleClassifier::Progress& progress = {});

/// Returns the number of texts that MeasureRobustness classifies.
size_t RobustnessTexts(size_t texts, const RobustnessOptions& options);

}  // namespace winnow
