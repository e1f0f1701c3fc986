#include "report/latency_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/machine.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

/// The shares, in percent, of at most 40 bins of equal width; the slowest hundredth of the times is left out, so that
/// one outlier does not flatten the rest.
ChartSeries Histogram(std::vector<double> times) {
  ChartSeries bars{.kind = SeriesKind::kBars, .points = {}};
  if (times.empty()) return bars;
  std::ranges::sort(times);
  times.resize(std::max<size_t>(1, times.size() * 99 / 100));
  bars.bar_width = std::max((times.back() - times.front()) / 40, 1e-6);
  std::map<int, int> counts;
  for (const double time : times) ++counts[static_cast<int>((time - times.front()) / bars.bar_width)];
  for (const auto& [bin, count] : counts) {
    bars.points.push_back(
        {.x = times.front() + (bin + 0.5) * bars.bar_width, .y = 100.0 * count / static_cast<double>(times.size())});
  }
  return bars;
}

ChartPanel ThroughputPanel(const LatencyReport& report) {
  ChartPanel panel{.title = "Throughput",
                   .x = {.label = "texts per batch", .logarithmic = true},
                   .y = {.label = "texts per second", .low = 0},
                   .series = {}};
  std::map<int, std::vector<ChartPoint>> rates;
  std::map<int, std::string> sizes;
  for (const Throughput& t : report.throughput) {
    rates[t.threads].push_back({.x = static_cast<double>(t.batch_size), .y = t.texts_per_s});
    sizes[t.batch_size] = std::to_string(t.batch_size);
  }
  for (const auto& [size, text] : sizes) panel.x.ticks.push_back({static_cast<double>(size), text});
  for (auto& [threads, points] : rates) {
    std::ranges::sort(points, {}, &ChartPoint::x);
    panel.series.push_back({.name = fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"),
                            .kind = SeriesKind::kLineAndPoints,
                            .colour = panel.series.size() + 1,
                            .points = std::move(points)});
  }
  return panel;
}

}  // namespace

Result<void> PlotLatency(const LatencyReport& report, const std::string& name, const std::filesystem::path& file) {
  // Linear models take microseconds.
  const bool micro = report.single.p50 < 0.1;
  const char* const unit = micro ? "µs" : "ms";
  const double p50 = micro ? 1000 * report.single.p50 : report.single.p50;
  std::vector<double> times = report.single_times_ms;
  if (micro) std::ranges::for_each(times, [](double& time) { time *= 1000; });
  const Chart chart{
      .title = fmt::format("{}: {} on {} ({})", name, report.weights, CpuName(), report.isa),
      .description = "Throughput by batch size, and the times of single texts; winnow bench prints the numbers.",
      .width = 1000,
      .height = 420,
      .panels = {ThroughputPanel(report),
                 {.title = "One text at a time",
                  .x = {.label = fmt::format("{}, text to decision", micro ? "microseconds" : "milliseconds")},
                  .y = {.label = "% of texts", .low = 0},
                  .series = {Histogram(std::move(times))},
                  .marks = {{.x = p50, .label = fmt::format("p50 {:.2f} {}", p50, unit), .colour = 2}}}}};
  return WriteChart(chart, file);
}

}  // namespace winnow
