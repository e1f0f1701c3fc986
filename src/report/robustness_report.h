/// The robustness of a classifier as a table for people and as JSON for machines.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "evaluate/robustness.h"

namespace winnow {

/// Returns a table for the terminal. `folds`: whether the model folds obfuscated texts itself.
std::string RobustnessText(const std::vector<RobustnessRow>& rows, bool folds);

/// Returns {"count", "labels", "positive_label", "fold_disguises", "rows": [{"disguise", "strength", "changed", "off":
/// {accuracy, f1_macro, recall, fpr, intervals}, "on": ...}]}.
Json RobustnessJson(const std::vector<RobustnessRow>& rows, bool folds);

/// Measures the robustness of the model in `bundle`, with a progress bar, and writes it as JSON or as a table.
/// `classifier` does not fold obfuscated text itself (BundleClassifier::Load). Errors: MeasureRobustness';
/// ReadManifest's.
Result<std::string> RobustnessReport(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                                     const Dataset& dataset, const RobustnessOptions& options, bool json);

}  // namespace winnow
