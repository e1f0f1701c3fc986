#include "cli/latency_plot.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/machine.h"
#include "base/process.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kGnuplot[] = "gnuplot";

Error NoGnuplot() {
  return {ErrorCode::kNotFound, "plots are drawn by gnuplot, which is not installed",
          "install it (Debian: apt-get install gnuplot-nox), or leave --plot out"};
}

/// In single quotes, which gnuplot takes as they are.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return quoted + "'";
}

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
  const bool svg = out.extension() == ".svg";
  std::string script = fmt::format(
      "set encoding utf8\n"
      "set terminal {} size {},{} {} font 'sans,{}'\n"
      "set output {}\n"
      "set multiplot layout 1,2 title {} noenhanced\n"
      "set style line 1 lc rgb '#1f77b4' lw 2 pt 7\nset style line 2 lc rgb '#ff7f0e' lw 2 pt 7\n"
      "set style line 3 lc rgb '#2ca02c' lw 2 pt 7\nset style line 4 lc rgb '#d62728' lw 2 pt 7\n"
      "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset key left top\n",
      svg ? "svg" : "pngcairo", svg ? 1000 : 1200, svg ? 420 : 500, svg ? "background '#ffffff'" : "", svg ? 12 : 11,
      Quoted(out.string()), Quoted(fmt::format("{}: {} on {} ({})", name, report.weights, CpuName(), report.isa)));
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

/// A directory that goes with all in it.
struct Workplace {
  fs::path path;
  explicit Workplace(fs::path p) : path(std::move(p)) {}
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

}  // namespace

Result<void> CheckPlotFile(const fs::path& file) {
  if (file.extension() != ".svg" && file.extension() != ".png") {
    return Fail(ErrorCode::kInvalidArgument, file.string() + ": a plot is an .svg or a .png file");
  }
  const auto version = RunProgram({kGnuplot, "--version"}, {.log = "/dev/null", .timeout_seconds = 10});
  if (!version || !version->succeeded()) return std::unexpected(NoGnuplot());
  return {};
}

Result<void> PlotLatency(const LatencyReport& report, const std::string& name, const fs::path& file) {
  TRY(CheckPlotFile(file));
  std::error_code error;
  std::string directory = (fs::temp_directory_path(error) / "winnow-plot-XXXXXX").string();
  if (error || ::mkdtemp(directory.data()) == nullptr) {
    return Fail(ErrorCode::kIo, "can't make a temporary directory for the plot", "is TMPDIR writable?");
  }
  const Workplace work(directory);
  const fs::path drawn = work.path / ("plot" + file.extension().string());
  TRY(WriteFileAtomically(work.path / "script", Script(report, name, drawn)));
  const auto end =
      RunProgram({kGnuplot, (work.path / "script").string()}, {.log = work.path / "log", .timeout_seconds = 60});
  if (!end) return std::unexpected(NoGnuplot());
  const Result<std::string> picture = ReadFile(drawn);
  if (!end->succeeded() || !picture || picture->empty()) {
    return Fail(ErrorCode::kIo, "gnuplot could not draw: " + ReadFile(work.path / "log").value_or("").substr(0, 400));
  }
  return WriteFileAtomically(file, *picture);
}

}  // namespace winnow
