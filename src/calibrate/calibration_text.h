/// The result of a calibration, for people and for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "bundle/manifest.h"
#include "calibrate/calibrator.h"

namespace winnow {

/// Returns the calibration on one line: "temperature 1.32".
std::string CalibrationLine(const CalibrationResult& result);

/// Returns a table of metrics, thresholds and abstention, and the notes, as lines ended by \n.
std::string CalibrationReportText(const CalibrationResult& result);

/// Returns the metrics alone: {uncalibrated, as_it_was, now}, each {nll, ece, adaptive_ece, brier}.
Json CalibrationMetricsJson(const CalibrationResult& result);

/// Returns the document of `winnow calibrate --json`; calibration, thresholds and abstention are those of `manifest`.
Json CalibrationReportJson(const CalibrationResult& result, const Manifest& manifest);

}  // namespace winnow
