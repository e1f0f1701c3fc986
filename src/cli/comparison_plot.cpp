#include "cli/comparison_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/machine.h"
#include "cli/gnuplot.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 900, kHeight = 520;
constexpr double kPlotWidth = 780, kPlotHeight = 390;  // of it, about what lies within the axes
constexpr double kLetter = 7.5, kLine = 15;            // a character's size
constexpr size_t kLongestName = 40;

struct Point {
  std::string name;
  bool best = false;
  double ms = 0, f1 = 0, low = 0, high = 0;
};

std::vector<Point> PointsOf(const Comparison& comparison) {
  std::vector<Point> points;
  const ComparedModel* best = BestOf(comparison);
  for (const ComparedModel& model : comparison.models) {
    if (model.error) continue;
    const double f1 = model.metrics.f1_macro;
    const Interval interval = model.metrics.f1_macro_interval.value_or(Interval{f1, f1});
    // A percentile bootstrap may leave the figure itself outside.
    points.push_back({.name = ShownName(model.name, kLongestName),
                      .best = &model == best,
                      .ms = std::max(model.single.p50, 1e-6),
                      .f1 = f1,
                      .low = std::min(interval.low, f1),
                      .high = std::max(interval.high, f1)});
  }
  return points;
}

struct Axes {
  double left, right, bottom, top;  // milliseconds; macro-F1
  double X(double ms) const { return std::log(ms / left) / std::log(right / left) * kPlotWidth; }
  double Y(double f1) const { return (f1 - bottom) / (top - bottom) * kPlotHeight; }
};

Axes AxesFor(const std::vector<Point>& points) {
  const auto fastest = std::ranges::min_element(points, {}, &Point::ms);
  const auto slowest = std::ranges::max_element(points, {}, &Point::ms);
  const auto lowest = std::ranges::min_element(points, {}, &Point::low);
  const auto highest = std::ranges::max_element(points, {}, &Point::high);
  // Never so near that noise looks like a difference.
  const double margin = std::max(0.1 * (highest->high - lowest->low), 0.02);
  return {fastest->ms / 1.6, slowest->ms * 1.6, lowest->low - margin, highest->high + margin};
}

struct Box {
  double left, bottom, right, top;
  bool Meets(const Box& other) const {
    return left < other.right && other.left < right && bottom < other.top && other.bottom < top;
  }
};

/// Names beside their points, each at the first place, from the point outwards, where it covers no point and no other
/// name: models of one family lie close together.
std::string Labels(const std::vector<Point>& points, const Axes& axes) {
  std::vector<Box> taken;
  taken.reserve(2 * points.size());
  for (const Point& p : points) {
    taken.push_back({axes.X(p.ms) - 5, axes.Y(p.f1) - 5, axes.X(p.ms) + 5, axes.Y(p.f1) + 5});
  }
  std::string script;
  int id = 1;
  for (const Point& p : points) {
    const double width = kLetter * static_cast<double>(DisplayWidth(p.name));
    const bool leftwards = axes.X(p.ms) + 10 + width > kPlotWidth;
    double offset = 0;
    Box box{};
    for (int attempt = 0; attempt < 40; ++attempt) {
      const int half_lines = (attempt + 1) / 2;
      offset = (attempt % 2 == 0 ? 1 : -1) * 0.5 * kLine * half_lines;
      const double from = leftwards ? axes.X(p.ms) - 10 - width : axes.X(p.ms) + 10;
      const double middle = axes.Y(p.f1) + offset;
      box = {from, middle - kLine / 2, from + width, middle + kLine / 2};
      const bool outside = box.bottom < 0 || box.top > kPlotHeight;
      if (!outside && std::ranges::none_of(taken, [&](const Box& other) { return box.Meets(other); })) break;
    }
    taken.push_back(box);
    script += fmt::format("set label {} {} at {},{} {} offset character {},{} noenhanced tc rgb '{}'\n", id++,
                          GnuplotQuoted(p.name), p.ms, p.f1, leftwards ? "right" : "left", leftwards ? -1.4 : 1.4,
                          offset / kLine, p.best ? "#d62728" : "#333333");
  }
  return script;
}

/// 1, 2, 5, 10, 20 ... between the ends: a logarithmic axis of less than a decade has hardly a number of its own.
std::string Tics(const Axes& axes) {
  std::string tics;
  for (double decade = std::pow(10, std::floor(std::log10(axes.left))); decade <= axes.right; decade *= 10) {
    for (const double digit : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
      const double ms = digit * decade;
      if (ms >= axes.left && ms <= axes.right) tics += fmt::format("{}'{:.3g}' {}", tics.empty() ? "" : ", ", ms, ms);
    }
  }
  return tics;
}

std::string Script(const Comparison& comparison, const fs::path& out) {
  const std::vector<Point> points = PointsOf(comparison);
  const Axes axes = AxesFor(points);
  std::string script =
      GnuplotHeading(out, kWidth, kHeight,
                     fmt::format("{} rows of {}, {} thread{}, {}", comparison.rows(),
                                 ShownName(fs::path(comparison.data).filename().string(), kLongestName),
                                 comparison.threads, comparison.threads == 1 ? "" : "s", CpuName()),
                     1);
  for (const bool best : {false, true}) {
    script += best ? "$best << EOD\n" : "$others << EOD\n";
    for (const Point& p : points) {
      if (p.best == best) script += fmt::format("{} {} {} {}\n", p.ms, p.f1, p.low, p.high);
    }
    script += "EOD\n";
  }
  script += Labels(points, axes);
  script += fmt::format(
      "set xlabel 'milliseconds a text (median)'\nset ylabel 'macro-F1 with its 95 % interval'\n"
      "set logscale x\nset xrange [{}:{}]\nset yrange [{}:{}]\nset xtics ({})\nunset key\nset bars 0.5\n"
      "plot ",
      axes.left, axes.right, axes.bottom, axes.top, Tics(axes));
  // Intervals first and paler, so that a name over one can be read.
  for (const char* set : {"$others", "$best"}) {
    if (set == std::string_view("$others") && points.size() < 2) continue;  // gnuplot refuses a block without points
    const bool best = set == std::string_view("$best");
    script += fmt::format(
        "{} using 1:2:3:4 with yerrorbars pt 0 lc rgb '{}' lw 1.5, {} using 1:2 with points pt 7 ps {} lc rgb '{}'{}",
        set, best ? "#eeb0b0" : "#b0c8dd", set, best ? 1.2 : 1.0, best ? "#d62728" : "#1f77b4", best ? "\n" : ", ");
  }
  return script + "unset multiplot\nunset output\n";
}

}  // namespace

Result<void> PlotComparison(const Comparison& comparison, const fs::path& file) {
  TRY(CheckPlotFile(file));
  if (BestOf(comparison) == nullptr) return Fail(ErrorCode::kInvalidData, "no model was evaluated: nothing to draw");
  return DrawWithGnuplot(file, [&](const fs::path& out) { return Script(comparison, out); });
}

}  // namespace winnow
