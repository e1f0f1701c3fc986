/// The chart of `winnow bench --plot`.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "evaluate/latency.h"

namespace winnow {

/// Draws the throughput by batch size, with a line per number of threads, and the distribution of the times of single
/// texts. `name` is the model's. Errors: WriteChart's.
Result<void> PlotLatency(const LatencyReport& report, const std::string& name, const std::filesystem::path& file);

}  // namespace winnow
