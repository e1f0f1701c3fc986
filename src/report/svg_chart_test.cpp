#include "report/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

Chart Picture() {
  ChartSeries line{.name = "one <&> \"two\"", .colour = 2, .dashed = true, .points = {{0, 0}, {0.5, 0.5}, {1, 4}}};
  ChartSeries points{.kind = SeriesKind::kPoints, .points = {{0.25, 0.5, Interval{0.4, 0.6}}}};
  ChartSeries bars{.kind = SeriesKind::kBars, .colour = 6, .bar_width = 0.1, .points = {{0.75, 0.5}}};
  return {.title = "A <title>",
          .description = "what it \x01 shows",
          .width = 420,
          .height = 310,
          .panels = {{.title = "left",
                      .x = {.label = "x & more", .low = 0, .high = 1},
                      .y = {.label = "y", .low = 0, .high = 1},
                      .series = {line, points, bars},
                      .marks = {{.x = 0.5, .label = "p50"}},
                      .labels = {{.x = 0.25, .y = 0.5, .text = "here"}}}}};
}

TEST(SvgChart, InAPageTakesThePagesColoursAndNothingElse) {
  const std::string svg = InlineSvg(Picture(), "roc");
  EXPECT_THAT(svg, testing::StartsWith("<svg viewBox=\"0 0 420 310\" role=\"img\""));
  EXPECT_THAT(svg, testing::EndsWith("</svg>"));
  EXPECT_THAT(svg, HasSubstr("<title id=\"roc-title\">A &lt;title&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"roc-desc\">what it [U+0001] shows</desc>"));
  for (const char* has :
       {"var(--c1)", "var(--c2)", "var(--c6)", "var(--ink)", "var(--muted)", "var(--line)", "stroke-dasharray=\"6,4\"",
        "<circle ", "<rect ", ">0.2<", ">x &amp; more<", ">here<", ">p50<", "one &lt;&amp;&gt; &quot;two&quot;"}) {
    EXPECT_THAT(svg, HasSubstr(has));
  }
  for (const char* never : {"#", "xmlns", "<?xml", "url(", "href", "style=", "class=", "nan", "inf"}) {
    EXPECT_THAT(svg, Not(HasSubstr(never)));
  }
}

TEST(SvgChart, AFileHasColoursABackgroundAndATitleOfItsOwn) {
  const std::string svg = SvgFile(Picture());
  EXPECT_THAT(svg, testing::StartsWith("<?xml"));
  EXPECT_THAT(svg, HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, HasSubstr("fill=\"#ffffff\""));
  EXPECT_THAT(svg, HasSubstr("#d55e00"));
  EXPECT_THAT(svg, HasSubstr(">A &lt;title&gt;</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("var(")));
}

/// The numbers of "M", "L", "H" and "V" in all paths that are drawn with that stroke.
std::vector<double> NumbersOf(const std::string& svg, const std::string& stroke) {
  std::vector<double> numbers;
  const std::regex path("<path d=\"([^\"]*)\" fill=\"none\" stroke=\"" + stroke + "\"");
  for (std::sregex_iterator p(svg.begin(), svg.end(), path), end; p != end; ++p) {
    const std::string d = (*p)[1];
    const std::regex number("[0-9.]+");
    for (std::sregex_iterator n(d.begin(), d.end(), number); n != end; ++n) numbers.push_back(std::stod(n->str()));
  }
  return numbers;
}

TEST(SvgChart, LinesAreCutAtTheAxes) {
  Chart chart = Picture();
  chart.panels[0].series.resize(1);
  chart.panels[0].series[0].name.clear();
  chart.panels[0].series[0].colour = 3;
  chart.panels[0].series[0].points = {{-1, 0.5}, {0.5, 0.5}, {0.6, 100}, {0.8, 100}, {2, -3}};
  const PanelLayout layout = LayOut(chart, false)[0];
  const std::vector<double> numbers = NumbersOf(InlineSvg(chart, "x"), "var\\(--c3\\)");
  ASSERT_GE(numbers.size(), 6u);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double low = i % 2 == 0 ? layout.left : layout.top;
    const double high = low + (i % 2 == 0 ? layout.width : layout.height);
    EXPECT_GE(numbers[i], low - 0.1) << i;
    EXPECT_LE(numbers[i], high + 0.1) << i;
  }
}

TEST(SvgChart, AChartWithoutDataIsAPictureToo) {
  Chart chart = Picture();
  for (ChartSeries& series : chart.panels[0].series) series.points.clear();
  chart.panels[0].x = {.label = "x", .logarithmic = true};
  chart.panels[0].y = {};
  chart.panels[0].marks.clear();
  chart.panels[0].labels.clear();
  EXPECT_THAT(InlineSvg(chart, "x"), testing::EndsWith("</svg>"));
  EXPECT_THAT(InlineSvg(chart, "x"), Not(HasSubstr("nan")));
}

TEST(SvgChart, IsWrittenByTheFilesName) {
  const TemporaryDirectory dir;
  EXPECT_EQ(CheckChartFile("chart.gif").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(WriteChart(Picture(), dir.path() / "chart.gif").error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(WriteChart(Picture(), dir.path() / "chart.svg"));
  EXPECT_EQ(ReadFile(dir.path() / "chart.svg").value(), SvgFile(Picture()));
  if (!CheckChartFile("chart.png")) GTEST_SKIP() << "gnuplot, which draws PNG files, is not installed";
  const auto drawn = WriteChart(Picture(), dir.path() / "chart.png");
  ASSERT_TRUE(drawn) << drawn.error().Text();
  EXPECT_THAT(ReadFile(dir.path() / "chart.png").value(), testing::StartsWith("\x89PNG"));
}

}  // namespace
}  // namespace winnow
