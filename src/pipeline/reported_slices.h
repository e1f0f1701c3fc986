/// What training_info.json says about the certainty of the reported metrics.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"

namespace winnow {

/// Returns the confidence intervals, [low, high] or null, by the name of the metric.
Json IntervalsJson(const Metrics& metrics);

/// Returns the accuracy of parts of a set: of each quarter by length, and of each script; null if there is one part.
/// `decisions` are the sets of label ids that were decided for each text.
Json ReportedSlices(const Dataset& dataset, std::span<const std::vector<int32_t>> decisions, int32_t positive_label);

}  // namespace winnow
