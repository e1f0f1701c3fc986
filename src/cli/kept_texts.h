/// calibration.jsonl: the held-out texts that a bundle keeps.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"

namespace winnow {

inline constexpr char kKeptTextsFile[] = "calibration.jsonl";

/// They are as the model reads them: a template was applied, and what divides its segments stays, which a reader of
/// users' files would replace; so InputTexts (data/dataset.h) has their segments. Errors: kNotFound, with advice; kIo;
/// kInvalidData.
Result<Dataset> ReadKeptTexts(const std::filesystem::path& file, const BundleClassifier& classifier);

}  // namespace winnow
