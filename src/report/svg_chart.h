/// Charts written as SVG.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "report/chart.h"

namespace winnow {

/// Returns the chart as an <svg> element for a page of HTML that defines the colours as CSS variables: var(--c1) ...
/// var(--c8) for series, var(--ink) for text, var(--muted) for axes, var(--line) for the grid, var(--paper) for the
/// background. The chart scales with the page. `id`, letters and digits, must be unique in the page. The title and the
/// description are not drawn, but available to those who do not see the picture. Every text of the chart is escaped.
std::string InlineSvg(const Chart& chart, const std::string& id);

/// Returns the chart as a separate file, with its title, fixed colours and a white background.
std::string SvgFile(const Chart& chart);

/// Checks, before long work, that a chart can be written to `file`. Errors: kInvalidArgument unless it ends in .svg or
/// .png; CheckPng's.
Result<void> CheckChartFile(const std::filesystem::path& file);

/// Writes an .svg or a .png file, which appears once it is whole. Errors: those of CheckChartFile; WritePng's; kIo.
Result<void> WriteChart(const Chart& chart, const std::filesystem::path& file);

}  // namespace winnow
