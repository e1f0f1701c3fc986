/// Reading, checking and writing of the calibration and the guarantees in winnow.json. Part of bundle/manifest.h.
///
///   "calibration": {"method": "temperature|vector|isotonic",
///                   "temperatures": [...]                      multi-label, where labels have their own
///                   "scale": [...], "bias": [...]              vector
///                   "points": [[[x, y], ...], ...]             isotonic, a curve per label
///                   "fitted_on": {"texts", "sha256", "source"},
///                   "measured": how `after` was,
///                   "before": {"nll", "ece", "adaptive_ece", "brier"}, "after": {...}}
///   "thresholds":  {... "labels_strict": {...}, "labels_lenient": {...},
///                   "promise": {"max_fpr", "lenient_max_fpr", "confidence", "texts", "source", "weights"}}
///   "abstain":     {"max_error", "below": {"strict", "moderate", "lenient"}, "texts", "source", "weights"}
///
/// Lists are by label id. Fields that are not named here survive a rewrite.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "bundle/manifest.h"

namespace winnow {

/// Fills in the calibration and guarantees of the manifest from its JSON. Errors: kInvalidModel.
Result<void> ReadCalibration(const Json& json, std::string_view where, Manifest& manifest);

/// Checks the values of the calibration and the guarantees. Errors: kInvalidModel.
Result<void> ValidateCalibration(const Manifest& manifest, std::string_view where);

/// Puts the fields "temperature", "calibration", "thresholds" and "abstain" into the manifest's JSON.
void WriteCalibration(const Manifest& manifest, Json& json);

}  // namespace winnow
