/// `winnow evaluate --robustness`.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "evaluate/robustness.h"

namespace winnow {

/// Measures and prints. `classifier` does not fold disguises (BundleClassifier::Load); what `bundle` does by itself is
/// told. Errors: MeasureRobustness'; kInvalidModel for its manifest.
Result<void> RunRobustness(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                           const Dataset& dataset, const RobustnessOptions& options, bool json);

}  // namespace winnow
