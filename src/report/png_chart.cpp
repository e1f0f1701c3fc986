#include "report/png_chart.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/output_file.h"
#include "base/process.h"
#include "base/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kGnuplot[] = "gnuplot";

Error NoGnuplot() {
  return {ErrorCode::kNotFound, ".png plots require gnuplot, which is not installed",
          "use a file name that ends in .svg, or install gnuplot (Debian: apt-get install gnuplot-nox)"};
}

/// Returns `text` as a string of gnuplot in single quotes, within which only the quote has a special meaning.
std::string GnuplotString(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return quoted + "'";
}

std::string ColourOf(size_t number) { return number == 0 ? kMutedColour : std::string(SeriesColour(number)); }

/// The script of one picture. Places are those of LayOut, as shares of the picture, counted from its lower left corner.
class GnuplotScript {
 public:
  GnuplotScript(const Chart& chart, const fs::path& out) : chart_(chart) {
    constexpr double kScale = 1.5;  // pixels of the file for one of the chart
    script_ = fmt::format(
        "set encoding utf8\nset terminal pngcairo size {:.0f},{:.0f} fontscale {} font 'sans,10'\nset output {}\n"
        "set multiplot\nset border 3 lc rgb '{}'\nset grid lc rgb '{}' lt 1\nset tics nomirror out scale 0.5 tc rgb "
        "'{}'\n"
        "unset key\nset bars 0.5\nset style fill solid 1 noborder\n",
        kScale * chart.width, kScale * chart.height, kScale, GnuplotString(out.string()), kMutedColour, kLineColour,
        kInkColour);
    Text({PlacedText::kMiddle, chart.width / 2.0, kChartLine * 0.7, chart.title}, kInkColour);
    const std::vector<PanelLayout> layouts = LayOut(chart, /*with_title=*/true);
    for (size_t i = 0; i < layouts.size(); ++i) Panel(chart.panels[i], layouts[i]);
    script_ += "unset multiplot\nunset output\n";
  }

  const std::string& script() const { return script_; }

 private:
  double X(double pixels) const { return pixels / chart_.width; }
  double Y(double pixels) const { return 1 - pixels / chart_.height; }

  void Text(const PlacedText& text, const std::string& colour, const char* rotation = "") {
    if (text.text.empty()) return;
    constexpr const char* kAnchors[] = {"left", "center", "right"};
    script_ += fmt::format("set label {} at screen {},{} {} {} noenhanced tc rgb '{}'\n", GnuplotString(text.text),
                           X(text.x), Y(text.y), kAnchors[text.anchor], rotation, colour);
  }

  void Axis(const char* name, const AxisRange& range) {
    script_ += fmt::format("set {}range [{}:{}]\n", name, range.low, range.high);
    script_ += fmt::format("{} logscale {}\nset {}tics (", range.logarithmic ? "set" : "unset", name, name);
    for (size_t i = 0; i < range.ticks.size(); ++i) {
      script_ += fmt::format("{}{} {}", i == 0 ? "" : ", ", GnuplotString(range.ticks[i].label), range.ticks[i].at);
    }
    script_ += ")\n";
  }

  void Panel(const ChartPanel& panel, const PanelLayout& layout) {
    script_ += fmt::format(
        "set lmargin at screen {}\nset rmargin at screen {}\nset tmargin at screen {}\nset bmargin at screen {}\n",
        X(layout.left), X(layout.left + layout.width), Y(layout.top), Y(layout.top + layout.height));
    Axis("x", layout.x);
    Axis("y", layout.y);
    if (!panel.title.empty()) {
      Text({PlacedText::kMiddle, layout.left + layout.width / 2, layout.title_y, panel.title}, kInkColour);
    }
    Text({PlacedText::kMiddle, layout.left + layout.width / 2, layout.x_label_y, panel.x.label}, kInkColour);
    Text({PlacedText::kMiddle, layout.y_label_x, layout.top + layout.height / 2, panel.y.label}, kInkColour,
         "rotate by 90");
    for (const ChartMark& mark : panel.marks) {
      script_ += fmt::format("set arrow from {0},graph 0 to {0},graph 1 nohead front lw 1.2 dt 2 lc rgb '{1}'\n",
                             mark.x, ColourOf(mark.colour));
    }
    for (const PlacedText& label : layout.labels) Text(label, label.colour == 0 ? kInkColour : ColourOf(label.colour));
    for (const PlacedText& name : layout.legend) {
      const double y = Y(name.y);
      script_ += fmt::format("set arrow from screen {},{} to screen {},{} nohead lw 3 lc rgb '{}'\n",
                             X(name.x - 4 - kSampleWidth), y, X(name.x - 4), y, ColourOf(name.colour));
      Text(name, kInkColour);
    }
    Plot(panel);
    script_ += "unset label\nunset arrow\n";
  }

  void Plot(const ChartPanel& panel) {
    std::string plot;
    for (const ChartSeries& series : panel.series) {
      if (series.points.empty()) continue;  // gnuplot refuses data without points
      const std::string data = fmt::format("$data{}", ++blocks_);
      script_ += data + " << EOD\n";
      bool intervals = false;
      for (const ChartPoint& point : series.points) {
        const Interval interval = point.interval.value_or(Interval{point.y, point.y});
        intervals = intervals || point.interval;
        script_ += fmt::format("{} {} {} {} {}\n", point.x, point.y, interval.low, interval.high, series.bar_width);
      }
      script_ += "EOD\n";
      const std::string colour = ColourOf(series.colour);
      const auto add = [&](const std::string& how) { plot += (plot.empty() ? "plot " : ", ") + data + " " + how; };
      if (intervals) add(fmt::format("using 1:2:3:4 with yerrorbars pt 0 lw 1.5 lc rgb '{}'", colour));
      if (series.kind == SeriesKind::kBars) add(fmt::format("using 1:2:5 with boxes lc rgb '{}'", colour));
      if (series.kind == SeriesKind::kLine || series.kind == SeriesKind::kLineAndPoints) {
        add(fmt::format("using 1:2 with lines lw 2 dt {} lc rgb '{}'", series.dashed ? 2 : 1, colour));
      }
      if (series.kind == SeriesKind::kPoints || series.kind == SeriesKind::kLineAndPoints) {
        add(fmt::format("using 1:2 with points pt 7 lc rgb '{}'", colour));
      }
    }
    script_ += (plot.empty() ? "plot NaN" : plot) + "\n";
  }

  const Chart& chart_;
  std::string script_;
  int blocks_ = 0;
};

}  // namespace

Result<void> CheckPng() {
  const auto version = RunProgram({kGnuplot, "--version"}, {.log = "/dev/null", .timeout_seconds = 10});
  if (version && version->succeeded()) return {};
  return std::unexpected(NoGnuplot());
}

Result<void> WritePng(const Chart& chart, const fs::path& file) {
  const ScopedTemporaryDirectory work = TRY(ScopedTemporaryDirectory::Make("plot"));
  const fs::path drawn = work.path() / "plot.png", script = work.path() / "script", log = work.path() / "log";
  TRY(WriteFileAtomically(script, GnuplotScript(chart, drawn).script()));
  const auto end = RunProgram({kGnuplot, script.string()}, {.log = log, .timeout_seconds = 60});
  if (!end) return std::unexpected(NoGnuplot());
  const Result<std::string> picture = ReadFile(drawn);
  if (!end->succeeded() || !picture || picture->empty()) {
    return Fail(ErrorCode::kIo, "gnuplot failed to draw the plot: " + ReadFile(log).value_or("").substr(0, 400));
  }
  return WriteOutputFile(file, *picture);
}

}  // namespace winnow
