/// `winnow calibrate --out-of-scope`, and `winnow evaluate --out-of-scope`.
#pragma once

#include <filesystem>
#include <span>

#include "base/options.h"
#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "pipeline/calibrate_bundle.h"

namespace winnow {

/// Binds the options of `winnow calibrate` for out-of-scope texts.
void AddScopeOptions(ScopePlan& options, OptionTable& table);

/// Measures the rule of the bundle on labelled in-scope texts and on out-of-scope texts, and prints the result. Errors:
/// those of reading and classifying; kInvalidArgument for a bundle without a rule.
Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json);

}  // namespace winnow
