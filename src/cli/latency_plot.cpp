#include "cli/latency_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/machine.h"
#include "cli/gnuplot.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The times' shares of at most 40 bins of equal width; the slowest hundredth is left out, so that one outlier does not
/// flatten the rest.
std::string Histogram(std::vector<double> times) {
  std::ranges::sort(times);
  times.resize(std::max<size_t>(1, times.size() * 99 / 100));
  const double width = std::max((times.back() - times.front()) / 40, 1e-6);
  std::map<int, int> counts;
  for (const double time : times) ++counts[static_cast<int>((time - times.front()) / width)];
  std::string lines;
  for (const auto& [bin, count] : counts) {
    lines += fmt::format("{} {} {}\n", times.front() + (bin + 0.5) * width,
                         100.0 * count / static_cast<double>(times.size()), width);
  }
  return lines;
}

std::string Script(const LatencyReport& report, const std::string& name, const fs::path& out) {
  std::map<int, std::string> rates;
  for (const Throughput& t : report.throughput) {
    rates[t.threads] += fmt::format("{} {}\n", t.batch_size, t.texts_per_s);
  }
  std::string script =
      GnuplotHeading(out, 1000, 420, fmt::format("{}: {} on {} ({})", name, report.weights, CpuName(), report.isa));
  for (const auto& [threads, lines] : rates) script += fmt::format("$rates{} << EOD\n{}EOD\n", threads, lines);
  script +=
      "set title 'Throughput'\nset xlabel 'texts in a batch'\nset ylabel 'texts per second'\n"
      "set logscale x 2\nset yrange [0:*]\nplot ";
  int style = 0;
  for (const auto& [threads, lines] : rates) {
    script += fmt::format("{}$rates{} using 1:2 with linespoints ls {} title '{} thread{}'", style == 0 ? "" : ", ",
                          threads, style % 4 + 1, threads, threads == 1 ? "" : "s");
    ++style;
  }
  script += fmt::format(
      "\nunset logscale x\nset key right top\n$times << EOD\n{}EOD\n"
      "set title 'One text at a time'\nset xlabel 'milliseconds, text to decision'\nset ylabel '% of texts'\n"
      "set style fill solid 0.7 noborder\nset yrange [0:*]\n"
      "set arrow 1 from {},graph 0 to {},graph 0.95 nohead lc rgb '#d62728' lw 1.5 dt 2\n"
      "set label 1 'p50 {:.2f} ms' at {},graph 0.97 tc rgb '#d62728'\n"
      "plot $times using 1:2:3 with boxes lc rgb '#1f77b4' notitle\n"
      "unset multiplot\nunset output\n",
      Histogram(report.single_times_ms), report.single.p50, report.single.p50, report.single.p50, report.single.p50);
  return script;
}

}  // namespace

Result<void> PlotLatency(const LatencyReport& report, const std::string& name, const fs::path& file) {
  TRY(CheckPlotFile(file));
  return DrawWithGnuplot(file, [&](const fs::path& out) { return Script(report, name, out); });
}

}  // namespace winnow
