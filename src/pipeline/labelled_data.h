/// Reading of labelled texts for an existing model: to measure, calibrate or compare it.
#pragma once

#include <filesystem>
#include <span>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Reads texts by the bundle's template, with the bundle's labels in its order. `reading.unknown_labels` says what
/// happens to rows with other labels, which `report` counts. Errors: ReadDataset's.
Result<Dataset> ReadLabelledData(const BundleClassifier& classifier, std::span<const std::filesystem::path> files,
                                 const ReadingOptions& reading, ReadReport& report);

/// Reads texts for a model without labels of its own: the labels of the set are those of the rows. Errors:
/// ReadDataset's.
Result<Dataset> ReadLabelledData(std::span<const std::filesystem::path> files, const ReadingOptions& reading,
                                 ReadReport& report);

}  // namespace winnow
