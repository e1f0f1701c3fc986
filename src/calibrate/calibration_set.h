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

/// Returns the reason why the texts seem to be those that the bundle's model was trained on, or nothing. A bundle
/// contains neither its training texts nor digests of them one by one, which would tell who has the bundle about its
/// users' texts. So two cases alone are recognized: the whole training part, by the one digest of it, and data of which
/// at least a third is not held-out texts, but that contain half of the held-out texts in the bundle. Other parts of
/// the training texts are not recognized. `given`: the texts are not the bundle's own calibration set.
std::string SeemsTrainedOn(const std::filesystem::path& bundle, const Dataset& dataset,
                           const BundleClassifier& classifier, bool given);

/// Returns a warning that metrics on these texts are those of training texts, for the same reasons, or nothing.
std::string TrainingTextsWarning(const std::filesystem::path& bundle, const Dataset& dataset,
                                 const BundleClassifier& classifier);

}  // namespace winnow
