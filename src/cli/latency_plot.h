/// A latency report as a picture, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "evaluate/latency.h"

namespace winnow {

/// Throughput by batch size, a line for each number of threads, and how the times of single texts are spread.
/// The file appears once it is whole. Errors: CheckPlotFile's; kIo with gnuplot's own words.
Result<void> PlotLatency(const LatencyReport& report, const std::string& name, const std::filesystem::path& file);

}  // namespace winnow
