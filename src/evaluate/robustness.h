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
  double strength = 0;   ///< of "none" 0; of disguises without strength 1
  size_t changed = 0;    ///< texts that the obfuscation changed
  Metrics off, on;       ///< without and with folding
};

/// Disguises all texts of the set, whatever their label: a sender of spam disguises spam, so the recall of the positive
/// label is what a disguise costs, and its false-positive rate what a filter that distrusts disguises costs. The
/// classifier must not fold disguises itself (BundleClassifier::Load). The rows are "none", then kAllDisguises by
/// strength. Errors: EvaluateClassifier's; `progress` is told the texts so far of RobustnessTexts.
Result<std::vector<RobustnessRow>> MeasureRobustness(const BundleClassifier& classifier, const Dataset& dataset,
                                                     const RobustnessOptions& options,
                                                     const BundleClassifier::Progress& progress = {});

/// How many texts that classifies.
size_t RobustnessTexts(size_t texts, const RobustnessOptions& options);

}  // namespace winnow
