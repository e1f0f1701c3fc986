#include "cli/data_curve_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/gnuplot.h"

namespace winnow {
namespace {

/// Texts, figure and the ends of its interval a line; a little aside of the other figure's, so that both can be seen.
std::string Block(const std::string& name, const DataCurve& curve, double aside, double Metrics::*figure,
                  std::optional<Interval> Metrics::*interval) {
  std::string lines = "$" + name + " << EOD\n";
  for (const DataCurvePoint& point : curve.points) {
    const double value = point.metrics.*figure;
    const Interval range = (point.metrics.*interval).value_or(Interval{value, value});
    lines += fmt::format("{} {} {} {}\n", static_cast<double>(point.texts) * aside, value, range.low, range.high);
  }
  return lines + "EOD\n";
}

std::string Script(const DataCurve& curve, const std::string& title, const std::filesystem::path& out) {
  std::string script = GnuplotHeading(out, 760, 440, title, 1);
  script += Block("accuracy", curve, 0.99, &Metrics::accuracy, &Metrics::accuracy_interval) +
            Block("f1", curve, 1.01, &Metrics::f1_macro, &Metrics::f1_macro_interval);
  std::string tics;
  for (const DataCurvePoint& point : curve.points) {
    tics += fmt::format("{}'{}' {}", tics.empty() ? "" : ", ", point.texts, point.texts);
  }
  const auto first = static_cast<double>(curve.points.front().texts);
  const auto last = static_cast<double>(curve.points.back().texts);
  script += fmt::format(
      "set xlabel 'training texts'\nset ylabel 'with 95 % intervals, on {} test texts'\nset logscale x\n"
      "set xrange [{}:{}]\nset yrange [*:*]\nset xtics ({}) rotate by -30\nset key right bottom\nset bars 0.5\n",
      curve.points.back().metrics.count, first / 1.2, last * 1.2, tics);
  script +=
      "plot $accuracy using 1:2:3:4 with yerrorbars ls 1 lw 1 pt 0 notitle, "
      "$accuracy using 1:2 with linespoints ls 1 title 'accuracy', "
      "$f1 using 1:2:3:4 with yerrorbars ls 2 lw 1 pt 0 notitle, "
      "$f1 using 1:2 with linespoints ls 2 title 'macro-F1'\n";
  return script + "unset multiplot\nunset output\n";
}

}  // namespace

Result<void> PlotDataCurve(const DataCurve& curve, const std::string& title, const std::filesystem::path& file) {
  TRY(CheckPlotFile(file));
  if (curve.points.empty()) return Fail(ErrorCode::kInvalidData, "the curve has no points: nothing to draw");
  return DrawWithGnuplot(file, [&](const std::filesystem::path& out) { return Script(curve, title, out); });
}

}  // namespace winnow
