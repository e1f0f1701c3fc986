#include "report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/output_file.h"
#include "report/png_chart.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

/// Names of the colours of what is no series.
struct Colours {
  std::string ink, muted, line, paper;
  bool variables = false;  ///< of series, too

  std::string Of(size_t number) const {
    if (number == 0) return muted;
    return variables ? fmt::format("var(--c{})", (number - 1) % 8 + 1) : std::string(SeriesColour(number));
  }
};

const Colours& ColoursOfPage() {
  static const Colours colours = {"var(--ink)", "var(--muted)", "var(--line)", "var(--paper)", true};
  return colours;
}

const Colours& FixedColours() {
  static const Colours colours = {kInkColour, kMutedColour, kLineColour, "#ffffff"};
  return colours;
}

/// Control characters are shown by their numbers, which XML has no other way to hold.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : ShownText(text, {.most = 200})) {
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return escaped;
}

struct Pixel {
  double x, y;
};

/// The part of a line that lies within the panel (Liang and Barsky 1984); nothing if no part does.
std::optional<std::pair<Pixel, Pixel>> Clipped(Pixel from, Pixel to, const PanelLayout& panel) {
  double begin = 0, end = 1;
  const double dx = to.x - from.x, dy = to.y - from.y;
  const std::array<std::pair<double, double>, 4> sides = {{{-dx, from.x - panel.left},
                                                           {dx, panel.left + panel.width - from.x},
                                                           {-dy, from.y - panel.top},
                                                           {dy, panel.top + panel.height - from.y}}};
  for (const auto& [direction, distance] : sides) {
    if (direction == 0 && distance < -1e-6) return std::nullopt;
    if (direction < 0) begin = std::max(begin, distance / direction);
    if (direction > 0) end = std::min(end, distance / direction);
  }
  if (begin > end) return std::nullopt;
  return std::pair{Pixel{from.x + begin * dx, from.y + begin * dy}, Pixel{from.x + end * dx, from.y + end * dy}};
}

class SvgWriter {
 public:
  explicit SvgWriter(const Colours& colours) : colours_(colours) {}

  void Panel(const ChartPanel& panel, const PanelLayout& layout) {
    Axes(panel, layout);
    for (const ChartSeries& series : panel.series) Series(series, layout);
    for (const ChartMark& mark : panel.marks) {
      const double x = layout.X(mark.x);
      Path(fmt::format("M{:.1f},{:.1f}V{:.1f}", x, layout.top, layout.top + layout.height), colours_.Of(mark.colour),
           1.2, "5,4");
    }
    for (const PlacedText& label : layout.labels)
      Text(label, label.colour == 0 ? colours_.ink : colours_.Of(label.colour));
    Legend(panel, layout);
  }

  void Text(const PlacedText& text, const std::string& colour, std::string_view attributes = "") {
    constexpr std::array<std::string_view, 3> kAnchors = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    // A third of the font's size below the middle is where a line of text stands.
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{} fill=\"{}\"{}>{}</text>\n", text.x,
                        text.y + 0.35 * kChartFont, kAnchors[text.anchor], colour, attributes, Escaped(text.text));
  }

  std::string Take() { return std::move(svg_); }

 private:
  void Path(const std::string& d, const std::string& colour, double width, std::string_view dashes = "") {
    svg_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"", d,
                        colour, width);
    if (!dashes.empty()) svg_ += fmt::format(" stroke-dasharray=\"{}\"", dashes);
    svg_ += "/>\n";
  }

  void Axes(const ChartPanel& panel, const PanelLayout& layout) {
    const double right = layout.left + layout.width, bottom = layout.top + layout.height;
    std::string grid, ticks;
    for (const ChartTick& tick : layout.x.ticks) {
      const double x = layout.X(tick.at);
      grid += fmt::format("M{:.1f},{:.1f}V{:.1f}", x, bottom, layout.top);
      ticks += fmt::format("M{:.1f},{:.1f}v5", x, bottom);
    }
    for (const ChartTick& tick : layout.y.ticks) {
      const double y = layout.Y(tick.at);
      grid += fmt::format("M{:.1f},{:.1f}H{:.1f}", layout.left, y, right);
      ticks += fmt::format("M{:.1f},{:.1f}h-5", layout.left, y);
    }
    if (!grid.empty()) Path(grid, colours_.line, 1);
    Path(fmt::format("{}M{:.1f},{:.1f}V{:.1f}H{:.1f}", ticks, layout.left, layout.top, bottom, right), colours_.muted,
         1);
    for (const ChartTick& tick : layout.x.ticks) {
      if (!tick.label.empty()) Text({PlacedText::kMiddle, layout.X(tick.at), bottom + 14, tick.label}, colours_.ink);
    }
    for (const ChartTick& tick : layout.y.ticks) {
      if (!tick.label.empty()) Text({PlacedText::kEnd, layout.left - 8, layout.Y(tick.at), tick.label}, colours_.ink);
    }
    const double middle = layout.left + layout.width / 2;
    if (!panel.title.empty()) {
      Text({PlacedText::kMiddle, middle, layout.title_y, panel.title}, colours_.ink, " font-weight=\"600\"");
    }
    if (!panel.x.label.empty()) Text({PlacedText::kMiddle, middle, layout.x_label_y, panel.x.label}, colours_.ink);
    if (!panel.y.label.empty()) {
      const double x = layout.y_label_x, y = layout.top + layout.height / 2;
      Text({PlacedText::kMiddle, x, y, panel.y.label}, colours_.ink,
           fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y));
    }
  }

  void Series(const ChartSeries& series, const PanelLayout& layout) {
    const std::string colour = colours_.Of(series.colour);
    if (series.kind == SeriesKind::kBars) {
      Bars(series, layout, colour);
      return;
    }
    ErrorBars(series, layout, colour);
    if (series.kind != SeriesKind::kPoints) Line(series, layout, colour);
    if (series.kind != SeriesKind::kLine) {
      for (const ChartPoint& point : series.points) {
        svg_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>\n", layout.X(point.x),
                            layout.Y(point.y), kChartPointSize, colour);
      }
    }
  }

  void Line(const ChartSeries& series, const PanelLayout& layout, const std::string& colour) {
    std::string d;
    std::optional<Pixel> last;  // where the path ends
    for (size_t i = 1; i < series.points.size(); ++i) {
      const ChartPoint& from = series.points[i - 1];
      const ChartPoint& to = series.points[i];
      const auto part = Clipped({layout.X(from.x), layout.Y(from.y)}, {layout.X(to.x), layout.Y(to.y)}, layout);
      if (!part) continue;
      const auto& [begin, end] = *part;
      if (!last || last->x != begin.x || last->y != begin.y) d += fmt::format("M{:.1f},{:.1f}", begin.x, begin.y);
      d += fmt::format("L{:.1f},{:.1f}", end.x, end.y);
      last = end;
    }
    if (d.empty()) return;
    Path(d, colour, series.colour == 0 ? 1 : 2, series.dashed ? (series.colour == 0 ? "2,4" : "6,4") : "");
  }

  /// Paler than the points, so that a label across one can be read.
  void ErrorBars(const ChartSeries& series, const PanelLayout& layout, const std::string& colour) {
    std::string d;
    for (const ChartPoint& point : series.points) {
      if (!point.interval) continue;
      const double x = layout.X(point.x), low = layout.Y(point.interval->low), high = layout.Y(point.interval->high);
      d += fmt::format("M{0:.1f},{1:.1f}h8m-4,0V{2:.1f}m-4,0h8", x - 4, low, high);
    }
    if (d.empty()) return;
    svg_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" stroke-opacity=\"0.55\"/>\n",
                        d, colour);
  }

  void Bars(const ChartSeries& series, const PanelLayout& layout, const std::string& colour) {
    const double bottom = layout.top + layout.height;
    for (const ChartPoint& point : series.points) {
      const double left = layout.X(point.x - series.bar_width / 2), right = layout.X(point.x + series.bar_width / 2);
      const double top = std::clamp(layout.Y(point.y), layout.top, bottom);
      svg_ += fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n", left,
                          top, right - left, bottom - top, colour);
    }
  }

  void Legend(const ChartPanel& panel, const PanelLayout& layout) {
    size_t entry = 0;
    for (const ChartSeries& series : panel.series) {
      if (series.name.empty()) continue;
      const PlacedText& name = layout.legend[entry++];
      Path(fmt::format("M{:.1f},{:.1f}h{}", name.x - 4 - kSampleWidth, name.y, kSampleWidth),
           colours_.Of(series.colour), 3, series.dashed ? "6,4" : "");
      Text(name, colours_.ink);
    }
  }

  const Colours& colours_;
  std::string svg_;
};

std::string Panels(const Chart& chart, const std::vector<PanelLayout>& layouts, SvgWriter& writer) {
  for (size_t i = 0; i < chart.panels.size(); ++i) writer.Panel(chart.panels[i], layouts[i]);
  return writer.Take();
}

}  // namespace

std::string InlineSvg(const Chart& chart, const std::string& id) {
  SvgWriter writer(ColoursOfPage());
  return fmt::format(
             "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-labelledby=\"{2}-title {2}-desc\" font-size=\"{3}\">\n"
             "<title id=\"{2}-title\">{4}</title>\n<desc id=\"{2}-desc\">{5}</desc>\n",
             chart.width, chart.height, id, kChartFont, Escaped(chart.title), Escaped(chart.description)) +
         Panels(chart, LayOut(chart, /*with_title=*/false), writer) + "</svg>";
}

std::string SvgFile(const Chart& chart) {
  SvgWriter writer(FixedColours());
  writer.Text({PlacedText::kMiddle, chart.width / 2.0, kChartLine * 0.7, chart.title}, FixedColours().ink,
              " font-weight=\"600\"");
  return fmt::format(
             "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
             "height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" "
             "font-size=\"{2}\">\n<title>{3}</title>\n"
             "<desc>{4}</desc>\n<rect width=\"{0}\" height=\"{1}\" fill=\"{5}\"/>\n",
             chart.width, chart.height, kChartFont, Escaped(chart.title), Escaped(chart.description),
             FixedColours().paper) +
         Panels(chart, LayOut(chart, /*with_title=*/true), writer) + "</svg>\n";
}

Result<void> CheckChartFile(const std::filesystem::path& file) {
  if (file.extension() == ".svg") return CheckOutputFile(file);
  if (file.extension() == ".png") {
    TRY(CheckOutputFile(file));
    return CheckPng();
  }
  return Fail(ErrorCode::kInvalidArgument, file.string() + ": not a valid name for a plot",
              "specify a file name that ends in .svg or .png");
}

Result<void> WriteChart(const Chart& chart, const std::filesystem::path& file) {
  TRY(CheckChartFile(file));
  return file.extension() == ".png" ? WritePng(chart, file) : WriteOutputFile(file, SvgFile(chart));
}

}  // namespace winnow
