#include "report/data_curve_plot.h"

#include <fmt/format.h>

#include <optional>

#include "report/svg_chart.h"

namespace winnow {
namespace {

/// `aside` moves the points by a factor, so that the error bars of two metrics can be told apart.
ChartSeries SeriesOf(const DataCurve& curve, const char* name, size_t colour, double aside, double Metrics::*metric,
                     std::optional<Interval> Metrics::*interval) {
  ChartSeries series{.name = name, .kind = SeriesKind::kLineAndPoints, .colour = colour, .points = {}};
  for (const DataCurvePoint& point : curve.points) {
    series.points.push_back({.x = static_cast<double>(point.texts) * aside,
                             .y = point.metrics.*metric,
                             .interval = point.metrics.*interval});
  }
  return series;
}

}  // namespace

Result<void> PlotDataCurve(const DataCurve& curve, const std::string& title, const std::filesystem::path& file) {
  TRY(CheckChartFile(file));
  if (curve.points.empty())
    return Fail(ErrorCode::kInvalidData, "the learning curve has no points, so there is nothing to plot");
  ChartPanel panel{
      .x = {.label = "training texts", .logarithmic = true},
      .y = {.label = fmt::format("with 95 % intervals, on {} test texts", curve.points.back().metrics.count)},
      .series = {SeriesOf(curve, "accuracy", 1, 0.99, &Metrics::accuracy, &Metrics::accuracy_interval),
                 SeriesOf(curve, "macro-F1", 2, 1.01, &Metrics::f1_macro, &Metrics::f1_macro_interval)}};
  for (const DataCurvePoint& point : curve.points) {
    panel.x.ticks.push_back({static_cast<double>(point.texts), std::to_string(point.texts)});
  }
  return WriteChart({.title = title,
                     .description = "Metrics by the number of training texts; winnow data curve prints the numbers.",
                     .width = 760,
                     .height = 440,
                     .panels = {std::move(panel)}},
                    file);
}

}  // namespace winnow
