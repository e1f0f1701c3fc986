#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;

PanelLayout LayOutOne(ChartPanel panel, int width = 420, int height = 310) {
  return LayOut({.title = "", .description = "", .width = width, .height = height, .panels = {std::move(panel)}},
                false)[0];
}

std::vector<std::string> Numbers(const AxisRange& axis) {
  std::vector<std::string> numbers;
  for (const ChartTick& tick : axis.ticks) {
    if (!tick.label.empty()) numbers.push_back(tick.label);
  }
  return numbers;
}

TEST(Chart, TicksAreRoundNumbers) {
  const PanelLayout layout =
      LayOutOne({.x = {.low = 0, .high = 1}, .y = {}, .series = {{.points = {{0, 3}, {1, 97}}}}});
  EXPECT_THAT(Numbers(layout.x), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(Numbers(layout.y), ElementsAre("0", "20", "40", "60", "80", "100"));
  EXPECT_EQ(layout.y.low, 0);
  EXPECT_EQ(layout.y.high, 100);
}

TEST(Chart, LargeNumbersAreInThousands) {
  const PanelLayout layout = LayOutOne({.x = {}, .y = {.low = 0}, .series = {{.points = {{0, 0}, {1, 19000}}}}});
  EXPECT_THAT(Numbers(layout.y), ElementsAre("0", "5k", "10k", "15k", "20k"));
}

TEST(Chart, LogarithmicAxesHaveNumbersOverFewDecadesAndMany) {
  const auto numbers = [](double low, double high) {
    return Numbers(LayOutOne({.x = {.low = low, .high = high, .logarithmic = true}, .y = {}, .series = {}}, 900).x);
  };
  EXPECT_THAT(numbers(1, 8), ElementsAre("1", "1.5", "2", "3", "5", "7"));
  EXPECT_THAT(numbers(0.9, 110), ElementsAre("1", "2", "5", "10", "20", "50", "100"));
  EXPECT_THAT(numbers(0.001, 1000), ElementsAre("0.001", "0.01", "0.1", "1", "10", "100", "1000"));
}

TEST(Chart, SharesFollowTheScale) {
  const AxisRange linear{.low = 10, .high = 20}, logarithmic{.low = 1, .high = 100, .logarithmic = true};
  EXPECT_DOUBLE_EQ(linear.Share(15), 0.5);
  EXPECT_DOUBLE_EQ(logarithmic.Share(10), 0.5);
  EXPECT_LT(logarithmic.Share(0), 0);
}

TEST(Chart, NumbersDoNotCoverEachOther) {
  ChartPanel panel{.x = {.low = 0, .high = 100}, .y = {}, .series = {}};
  for (int i = 0; i <= 100; ++i) panel.x.ticks.push_back({static_cast<double>(i), std::to_string(1000 + i)});
  const PanelLayout layout = LayOutOne(panel);
  double last = -1e9;
  for (const ChartTick& tick : layout.x.ticks) {
    if (tick.label.empty()) continue;
    EXPECT_GE(layout.X(tick.at) - last, 4 * kChartLetter);
    last = layout.X(tick.at);
  }
  EXPECT_EQ(layout.x.ticks.size(), 101u);
  EXPECT_LT(Numbers(layout.x).size(), 30u);
}

TEST(Chart, LabelsOfPointsCoverNeitherPointsNorEachOther) {
  ChartPanel panel{.x = {.low = 0, .high = 10}, .y = {.low = 0, .high = 1}, .series = {}};
  for (int i = 0; i < 8; ++i) panel.labels.push_back({.x = 3, .y = 0.5, .text = "model " + std::to_string(i)});
  panel.labels.push_back({.x = 9.9, .y = 0.5, .text = "at the edge"});
  const PanelLayout layout = LayOutOne(panel, 900, 520);
  ASSERT_EQ(layout.labels.size(), 9u);
  for (size_t i = 0; i < 8; ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_GT(std::abs(layout.labels[i].y - layout.labels[j].y), kChartFont);
  }
  EXPECT_EQ(layout.labels.back().anchor, PlacedText::kEnd);
}

TEST(Chart, PanelsLieBesideOrBelowEachOther) {
  Chart chart{.title = "t", .description = "", .width = 800, .height = 400, .panels = {}};
  for (const char* name : {"a", "b"}) {
    chart.panels.push_back({.x = {}, .y = {}, .series = {{.name = name, .points = {{0, 0}, {1, 123456}}}}});
  }
  const auto beside = LayOut(chart, true);
  EXPECT_GT(beside[1].left, beside[0].left + beside[0].width);
  EXPECT_EQ(beside[0].top, beside[1].top);
  chart.stacked = true;
  chart.panels[0].y.label = "wider";
  const auto below = LayOut(chart, true);
  EXPECT_EQ(below[0].left, below[1].left);
  EXPECT_GT(below[1].top, below[0].top + below[0].height);
  EXPECT_LT(below[1].top + below[1].height, 400);
}

TEST(Chart, ALegendTakesAsManyLinesAsItNeeds) {
  ChartPanel panel{.x = {}, .y = {}, .series = {}};
  for (int i = 0; i < 6; ++i) panel.series.push_back({.name = "a series " + std::to_string(i), .points = {{0, 0}}});
  const PanelLayout layout = LayOutOne(panel);
  ASSERT_EQ(layout.legend.size(), 6u);
  EXPECT_LT(layout.legend.front().y, layout.legend.back().y);
  EXPECT_LT(layout.legend.back().y, layout.top);
  for (const PlacedText& name : layout.legend) EXPECT_LT(name.x + kChartLetter * 10, 420);
}

}  // namespace
}  // namespace winnow
