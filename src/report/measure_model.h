/// Measurement of one model for a comparison.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "classify/bundle_classifier.h"
#include "classify/zero_shot.h"
#include "data/dataset.h"
#include "report/comparison.h"

namespace winnow {

/// Fills in everything measured or known about a loaded bundle: metrics on `dataset`, the time per text, its size.
/// `progress` receives the finished share, 0 to 1, and stops by returning false. Errors: those of classifying;
/// kCancelled.
Result<void> MeasureModel(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                          const Dataset& dataset, Mode mode, const std::function<bool(double done)>& progress,
                          ComparedModel& model);

/// Measures a zero-shot model, which was not trained for these labels; its kind is "zero-shot".
Result<void> MeasureModel(const std::filesystem::path& bundle, const ZeroShotClassifier& classifier,
                          const Dataset& dataset, Mode mode, const std::function<bool(double done)>& progress,
                          ComparedModel& model);

/// Returns the base model of a bundle according to its files, otherwise its architecture. Empty if neither is known,
/// which is not an error.
std::string BaseModelOf(const std::filesystem::path& bundle);

}  // namespace winnow
