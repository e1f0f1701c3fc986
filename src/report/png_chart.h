/// Charts as PNG files, which gnuplot draws, run as a child process (docs/adr/010).
#pragma once

#include <filesystem>

#include "base/result.h"
#include "report/chart.h"

namespace winnow {

/// Checks that gnuplot is installed. Errors: kNotFound.
Result<void> CheckPng();

/// Draws the chart as SvgFile draws it. `file` appears once it is whole. Errors: kNotFound without gnuplot; kIo with
/// what gnuplot wrote on standard error.
Result<void> WritePng(const Chart& chart, const std::filesystem::path& file);

}  // namespace winnow
