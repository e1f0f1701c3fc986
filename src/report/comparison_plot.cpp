#include "report/comparison_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/machine.h"
#include "evaluate/text_table.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

constexpr int kWidth = 900, kHeight = 520;
constexpr size_t kLongestName = 40;
constexpr size_t kColour = 1, kBestColour = 2;

Chart ChartOf(const Comparison& comparison) {
  ChartSeries others{.kind = SeriesKind::kPoints, .colour = kColour, .points = {}};
  ChartSeries best{.kind = SeriesKind::kPoints, .colour = kBestColour, .points = {}};
  ChartPanel panel{.x = {.label = "milliseconds per text (median)", .logarithmic = true},
                   .y = {.label = "macro-F1 with 95 % interval"},
                   .series = {}};
  double lowest = 1, highest = 0, fastest = 1e9, slowest = 0;
  for (const ComparedModel& model : comparison.models) {
    if (model.error) continue;
    const bool is_best = &model == BestOf(comparison);
    const double f1 = model.metrics.f1_macro, ms = std::max(model.single.p50, 1e-6);
    const Interval interval = model.metrics.f1_macro_interval.value_or(Interval{f1, f1});
    (is_best ? best : others).points.push_back({.x = ms, .y = f1, .interval = interval});
    panel.labels.push_back(
        {.x = ms, .y = f1, .text = ShownName(model.name, kLongestName), .colour = is_best ? kBestColour : 0});
    lowest = std::min(lowest, interval.low);
    highest = std::max(highest, interval.high);
    fastest = std::min(fastest, ms);
    slowest = std::max(slowest, ms);
  }
  panel.x.low = fastest / 1.6;
  panel.x.high = slowest * 1.6;
  // Never so near that noise looks like a difference.
  const double margin = std::max(0.1 * (highest - lowest), 0.02);
  panel.y.low = lowest - margin;
  panel.y.high = highest + margin;
  panel.series = {std::move(others), std::move(best)};
  return {.title = fmt::format("{} rows of {}, {} thread{}, {}", comparison.rows(),
                               ShownName(std::filesystem::path(comparison.data).filename().string(), kLongestName),
                               comparison.threads, comparison.threads == 1 ? "" : "s", CpuName()),
          .description = "Macro-F1 of each model against its time per text; winnow compare prints the numbers.",
          .width = kWidth,
          .height = kHeight,
          .panels = {std::move(panel)}};
}

}  // namespace

Result<void> PlotComparison(const Comparison& comparison, const std::filesystem::path& file) {
  TRY(CheckChartFile(file));
  if (BestOf(comparison) == nullptr)
    return Fail(ErrorCode::kInvalidData, "no model was evaluated, so there is nothing to plot");
  return WriteChart(ChartOf(comparison), file);
}

}  // namespace winnow
