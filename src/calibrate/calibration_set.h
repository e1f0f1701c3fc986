/// The calibration set of a bundle, as a data set with the bundle's labels.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"

namespace winnow {

/// Reads the calibration set that the bundle contains (bundle/calibration_texts.h). The template has been applied to
/// the texts, and the separators of their segments are kept, whereas readers of users' files replace them; so
/// InputTexts (data/dataset.h) divides the texts into segments. Errors: ReadCalibrationTexts'; kInvalidData for a label
/// that the model does not have.
Result<Dataset> ReadCalibrationSet(const std::filesystem::path& bundle, const BundleClassifier& classifier);

/// Writes the examples into a bundle as its calibration set. Errors: kIo.
Result<void> WriteCalibrationSet(const std::filesystem::path& bundle, const Dataset& dataset);

/// Returns the reason why the texts seem to be those that the bundle's model was trained on, or nothing. A bundle does
/// not contain its training part, but the digest of that part, and texts that were held out of the same data. `given`:
/// the texts are not the bundle's own calibration set.
std::string SeemsTrainedOn(const std::filesystem::path& bundle, const Dataset& dataset,
                           const BundleClassifier& classifier, bool given);

}  // namespace winnow
