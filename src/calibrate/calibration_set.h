/// The calibration set of a bundle, as a data set of its labels.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"

namespace winnow {

/// Reads the texts that the bundle keeps (bundle/calibration_texts.h). A template has been applied to them and what
/// divides its segments stays, which a reader of users' files would replace; so InputTexts (data/dataset.h) has their
/// segments. Errors: ReadCalibrationTexts'; kInvalidData for a label that the model does not have.
Result<Dataset> ReadCalibrationSet(const std::filesystem::path& bundle, const BundleClassifier& classifier);

/// Writes the examples into a bundle as its calibration set. Errors: kIo.
Result<void> WriteCalibrationSet(const std::filesystem::path& bundle, const Dataset& dataset);

/// Why the texts seem to be those that the bundle's model was trained on, or nothing. A bundle does not have its
/// training part; it has the digest of that part, and texts that were held out of the same data. `given`: the texts are
/// not the bundle's own calibration set.
std::string SeemsTrainedOn(const std::filesystem::path& bundle, const Dataset& dataset,
                           const BundleClassifier& classifier, bool given);

}  // namespace winnow
