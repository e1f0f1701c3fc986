#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "evaluate/text_table.h"

namespace winnow {
namespace {

constexpr double kRightMargin = 16, kTickLength = 5, kLabelGap = 10;
constexpr double kWidthPerTick = 70, kHeightPerTick = 40;

double TextWidth(const std::string& text) { return kChartLetter * static_cast<double>(DisplayWidth(text)); }

/// 1, 2 or 5 times a power of ten: the smallest that gives at most `most` steps.
double RoundStep(double span, double most) {
  const double least = span / std::max(most, 1.0);
  const double decade = std::pow(10, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * decade >= least * (1 - 1e-9)) return digit * decade;
  }
  return 10 * decade;
}

/// The number at a tick; on a linear axis whose numbers are large, in thousands.
std::string NumberText(double value, double largest) {
  if (largest >= 1e6 && value != 0) return fmt::format("{:.4g}M", value / 1e6);
  if (largest >= 1e4 && value != 0) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

std::vector<ChartTick> LinearTicks(double low, double high, double step) {
  std::vector<ChartTick> ticks;
  const double largest = std::max(std::abs(low), std::abs(high));
  for (double i = std::ceil(low / step - 1e-6) + 0.0; i * step <= high + step * 1e-6; ++i) {
    ticks.push_back({i * step, NumberText(i * step, largest)});
  }
  return ticks;
}

/// Powers of ten; over few decades numbers between them, too.
std::vector<ChartTick> LogarithmicTicks(double low, double high) {
  const double decades = std::log10(high / low);
  std::vector<double> digits = {1};
  if (decades <= 3) digits = {1, 2, 5};
  if (decades <= 1.2) digits = {1, 1.5, 2, 3, 5, 7};
  std::vector<ChartTick> ticks;
  for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
    for (const double digit : digits) {
      const double at = digit * decade;
      if (at >= low && at <= high) ticks.push_back({at, NumberText(at, at)});
    }
  }
  return ticks;
}

/// Returns the range that an axis shows of data from `least` to `most`.
AxisRange RangeOfAxis(const ChartAxis& axis, double least, double most, double ticks) {
  AxisRange range{.logarithmic = axis.logarithmic, .ticks = axis.ticks};
  if (least > most) least = axis.logarithmic ? 1 : 0, most = axis.logarithmic ? 10 : 1;  // no data
  if (axis.logarithmic) {
    range.low = std::max(axis.low.value_or(least / 1.2), std::numeric_limits<double>::min());
    range.high = std::max(axis.high.value_or(most * 1.2), range.low * 1.2);
    if (range.ticks.empty()) range.ticks = LogarithmicTicks(range.low, range.high);
  } else {
    range.low = axis.low.value_or(least);
    range.high = axis.high.value_or(most);
    if (!(range.high > range.low)) {
      const double around = std::max(0.05 * std::abs(range.low), 1e-3);
      if (!axis.low) range.low -= around;
      range.high += around;
    }
    const double step = RoundStep(range.high - range.low, ticks);
    if (!axis.low) range.low = step * std::floor(range.low / step + 1e-9);
    if (!axis.high) range.high = step * std::ceil(range.high / step - 1e-9);
    if (axis.most) range.high = std::max(std::min(range.high, *axis.most), most);
    if (range.ticks.empty()) range.ticks = LinearTicks(range.low, range.high, step);
  }
  if (axis.numbers) return range;
  for (ChartTick& tick : range.ticks) tick.label.clear();
  return range;
}

struct Extent {
  double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();
  void Add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

void ChooseAxisRanges(const ChartPanel& panel, double width, double height, PanelLayout& layout) {
  Extent x, y;
  for (const ChartSeries& series : panel.series) {
    for (const ChartPoint& point : series.points) {
      for (const int side : {-1, 1}) x.Add(point.x + side * series.bar_width / 2);
      y.Add(point.y);
      if (point.interval) y.Add(point.interval->low), y.Add(point.interval->high);
    }
  }
  layout.x = RangeOfAxis(panel.x, x.least, x.most, width / kWidthPerTick);
  layout.y = RangeOfAxis(panel.y, y.least, y.most, height / kHeightPerTick);
}

/// Takes the numbers of ticks away that would cover the one before them.
void ThinNumbers(PanelLayout& layout) {
  double taken = -std::numeric_limits<double>::infinity();
  for (ChartTick& tick : layout.x.ticks) {
    if (tick.label.empty()) continue;
    const double middle = layout.X(tick.at), half = TextWidth(tick.label) / 2;
    if (middle - half < taken + 4) {
      tick.label.clear();
    } else {
      taken = middle + half;
    }
  }
  taken = std::numeric_limits<double>::infinity();
  for (ChartTick& tick : layout.y.ticks) {
    const double at = layout.Y(tick.at);
    if (at > taken - kChartFont) {
      tick.label.clear();
    } else {
      taken = at;
    }
  }
}

struct Box {
  double left, top, right, bottom;
  bool Meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

void PlaceLabels(const ChartPanel& panel, PanelLayout& layout) {
  constexpr double kPoint = kChartPointSize + 1;
  std::vector<Box> taken;
  for (const ChartLabel& label : panel.labels) {
    const double x = layout.X(label.x), y = layout.Y(label.y);
    taken.push_back({x - kPoint, y - kPoint, x + kPoint, y + kPoint});
  }
  for (const ChartLabel& label : panel.labels) {
    const double width = TextWidth(label.text), x = layout.X(label.x);
    const bool leftwards = x + kLabelGap + width > layout.left + layout.width;
    const double from = leftwards ? x - kLabelGap - width : x + kLabelGap;
    Box box{};
    double y = 0;
    for (int attempt = 0; attempt < 40; ++attempt) {
      y = layout.Y(label.y) + (attempt % 2 == 0 ? -1 : 1) * 0.4 * kChartLine * ((attempt + 1) / 2);
      box = {from, y - kChartFont * 0.6, from + width, y + kChartFont * 0.6};
      const bool inside = box.top >= layout.top && box.bottom <= layout.top + layout.height;
      if (inside && std::ranges::none_of(taken, [&](const Box& other) { return box.Meets(other); })) break;
    }
    taken.push_back(box);
    layout.labels.push_back({.anchor = leftwards ? PlacedText::kEnd : PlacedText::kStart,
                             .x = leftwards ? x - kLabelGap : from,
                             .y = y,
                             .text = label.text,
                             .colour = label.colour});
  }
  for (const ChartMark& mark : panel.marks) {
    if (mark.label.empty()) continue;
    const double half = TextWidth(mark.label) / 2;
    const double x = std::clamp(layout.X(mark.x), layout.left + half,
                                std::max(layout.left + layout.width - half, layout.left + half));
    layout.labels.push_back({.anchor = PlacedText::kMiddle,
                             .x = x,
                             .y = layout.top - kChartLine / 2,
                             .text = mark.label,
                             .colour = mark.colour});
  }
}

/// Names side by side, in as many lines as they need, from `top` on; returns where they end.
double PlaceLegend(const ChartPanel& panel, double left, double right, double top, PanelLayout& layout) {
  double x = left;
  for (const ChartSeries& series : panel.series) {
    if (series.name.empty()) continue;
    if (layout.legend.empty()) top += kChartLine;
    const double width = kSampleWidth + 4 + TextWidth(series.name) + 16;
    if (x > left && x + width > right) {
      x = left;
      top += kChartLine;
    }
    layout.legend.push_back(
        {.x = x + kSampleWidth + 4, .y = top - kChartLine / 2, .text = series.name, .colour = series.colour});
    x += width;
  }
  return top;
}

double LeftMargin(const ChartPanel& panel, const PanelLayout& layout) {
  double widest = 0;
  for (const ChartTick& tick : layout.y.ticks) widest = std::max(widest, TextWidth(tick.label));
  return widest + kTickLength + 6 + (panel.y.label.empty() ? 4 : kChartLine + 6);
}

void PlacePanel(const ChartPanel& panel, const Box& box, double left_margin, PanelLayout& layout) {
  layout.left = box.left + left_margin;
  layout.width = std::max(box.right - kRightMargin - layout.left, 1.0);
  double top = box.top + (panel.title.empty() ? 0 : kChartLine);
  layout.title_y = box.top + kChartLine / 2;
  layout.x_label_y = box.bottom - kChartLine / 2;
  layout.y_label_x = box.left + kChartLine / 2;
  top = PlaceLegend(panel, layout.left, box.right, top, layout);
  const bool named = std::ranges::any_of(panel.marks, [](const ChartMark& mark) { return !mark.label.empty(); });
  layout.top = top + (named ? kChartLine : kChartFont * 0.7);
  const double bottom =
      box.bottom - (panel.x.numbers ? kChartLine + 2 : 4) - (panel.x.label.empty() ? 0 : kChartLine + 2);
  layout.height = std::max(bottom - layout.top, 1.0);
  ThinNumbers(layout);
  PlaceLabels(panel, layout);
}

}  // namespace

std::string_view SeriesColour(size_t number) {
  constexpr std::array<std::string_view, 8> kColours = {"#0072b2", "#d55e00", "#00805d", "#b04a86",
                                                        "#8a6a00", "#3a8fc0", "#6e5fc7", "#7a7a7a"};
  return kColours[(number + kColours.size() - 1) % kColours.size()];
}

double AxisRange::Share(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return std::log(std::max(value, std::numeric_limits<double>::min()) / low) / std::log(high / low);
}

std::vector<PanelLayout> LayOut(const Chart& chart, bool with_title) {
  const double top = with_title ? kChartLine + 8 : 0;
  const double width = chart.width, height = chart.height - top;
  double shares = 0;
  for (const ChartPanel& panel : chart.panels) shares += panel.share;
  std::vector<PanelLayout> layouts(chart.panels.size());
  std::vector<double> margins;
  for (size_t i = 0; i < layouts.size(); ++i) {
    const ChartPanel& panel = chart.panels[i];
    const auto count = static_cast<double>(layouts.size());
    ChooseAxisRanges(panel, chart.stacked ? width : width / count,
                     (chart.stacked ? panel.share / shares : 1) * height * 0.7, layouts[i]);
    margins.push_back(LeftMargin(panel, layouts[i]));
  }
  double at = chart.stacked ? top : 0;
  for (size_t i = 0; i < layouts.size(); ++i) {
    const ChartPanel& panel = chart.panels[i];
    const double size = chart.stacked ? height * panel.share / shares : width / static_cast<double>(layouts.size());
    const Box box = chart.stacked ? Box{0, at, width, at + size} : Box{at, top, at + size, top + height};
    PlacePanel(panel, box, chart.stacked ? *std::ranges::max_element(margins) : margins[i], layouts[i]);
    at += size;
  }
  return layouts;
}

}  // namespace winnow
