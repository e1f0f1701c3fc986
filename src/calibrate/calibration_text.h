/// The result of a calibration, for people and for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "bundle/manifest.h"
#include "calibrate/calibrator.h"

namespace winnow {

/// The calibration on one line: "temperature 1.32".
std::string CalibrationLine(const CalibrationResult& result);

/// A table of metrics, thresholds and abstention, and the notes; lines ended by \n.
std::string CalibrationReportText(const CalibrationResult& result);

/// The metrics alone: {uncalibrated, as_it_was, now}, each {nll, ece, adaptive_ece, brier}.
Json CalibrationFiguresJson(const CalibrationResult& result);

/// The document of `winnow calibrate --json`; calibration, thresholds and abstention as `manifest` has them.
Json CalibrationReportJson(const CalibrationResult& result, const Manifest& manifest);

}  // namespace winnow
