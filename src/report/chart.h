/// A chart as data, and the layout of its parts in the picture. svg_chart.h and png_chart.h draw it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/intervals.h"

namespace winnow {

struct ChartTick {
  double at = 0;
  std::string label;  ///< text at the tick; empty: a tick without a number
};

struct ChartAxis {
  std::string label = {};
  std::optional<double> low = {}, high = {};  ///< ends that are not set enclose the data
  bool logarithmic = false;
  std::vector<ChartTick> ticks = {};  ///< ascending; empty: round numbers are chosen
  bool numbers = true;                ///< true if ticks have numbers
};

struct ChartPoint {
  double x = 0, y = 0;
  std::optional<Interval> interval = {};  ///< interval of y, drawn as an error bar
};

enum class SeriesKind { kLine, kLineAndPoints, kPoints, kBars };

/// A series of points. Colours are numbered: 1 to 8 are those of series, 0 is that of elements in the background, such
/// as a diagonal.
struct ChartSeries {
  std::string name = {};  ///< name in the legend; empty: the legend leaves the series out
  SeriesKind kind = SeriesKind::kLine;
  size_t colour = 1;
  bool dashed = false;
  double bar_width = 0;  ///< width of bars in units of x
  std::vector<ChartPoint> points;
};

/// A dashed upright line from the bottom to the top of a panel.
struct ChartMark {
  double x = 0;
  std::string label = {};  ///< text at the upper end of the mark; may be empty
  size_t colour = 0;
};

/// A text beside a point.
struct ChartLabel {
  double x = 0, y = 0;
  std::string text;
  size_t colour = 0;
};

/// A pair of axes with the elements between them. Later series cover earlier ones.
struct ChartPanel {
  std::string title = {};
  ChartAxis x, y;
  std::vector<ChartSeries> series;
  std::vector<ChartMark> marks = {};
  std::vector<ChartLabel> labels = {};
  double share = 1;  ///< share of the height among the panels of a stacked chart
};

struct Chart {
  std::string title, description;
  int width = 0, height = 0;  ///< size in pixels
  bool stacked = false;       ///< true if panels are below each other instead of side by side
  std::vector<ChartPanel> panels;
};

/// An axis whose ends and ticks have been chosen.
struct AxisRange {
  double low = 0, high = 1;
  bool logarithmic = false;
  std::vector<ChartTick> ticks = {};

  /// Returns the relative position of `value` between the ends: 0 at `low`, 1 at `high`. Values beyond the ends are
  /// outside of 0 to 1.
  double Share(double value) const;
};

/// A text of the picture; (x, y) is the middle of its left end, of its right end, or of the whole text.
struct PlacedText {
  enum Anchor { kStart, kMiddle, kEnd } anchor = kStart;
  double x = 0, y = 0;
  std::string text;
  size_t colour = 0;
};

/// The position of a panel's axes, in pixels from the upper left corner of the picture.
struct PanelLayout {
  double left = 0, top = 0, width = 0, height = 0;
  double title_y = 0, x_label_y = 0, y_label_x = 0;  ///< middles of the title and of the axes' labels
  AxisRange x, y;
  /// `colour` is that of the series; a sample of width kSampleWidth is to the left of each text.
  std::vector<PlacedText> legend;
  std::vector<PlacedText> labels;  ///< labels of points and of marks

  double X(double value) const { return left + x.Share(value) * width; }
  double Y(double value) const { return top + (1 - y.Share(value)) * height; }
};

/// Fixed colours for files. In pages, the style sheet of the page defines the colours (report_style.h).
inline constexpr char kInkColour[] = "#1f2328", kMutedColour[] = "#59636e", kLineColour[] = "#d1d9e0";
/// Returns the colour of series `number`, from 1 on; after the last colour, the first one is used again.
std::string_view SeriesColour(size_t number);

inline constexpr double kChartFont = 13;   ///< font size in pixels
inline constexpr double kChartLetter = 7;  ///< approximate width of a character in pixels
inline constexpr double kChartLine = 20;   ///< height of a line of text in pixels
/// Width of a sample in the legend, with 4 pixels between it and its name.
inline constexpr double kSampleWidth = 20;
inline constexpr double kChartPointSize = 4;  ///< radius of a point in pixels

/// Computes the layout of the panels of `chart`, below a line for its title if `with_title`. Numbers of ticks that
/// would cover each other are left out. The label of a point is at the first position, from the point outwards, where
/// it covers no point and no other label.
std::vector<PanelLayout> LayOut(const Chart& chart, bool with_title);

}  // namespace winnow
