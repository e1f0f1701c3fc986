#include "report/comparison_plot.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "report/svg_chart.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

ComparedModel TimedModel(const std::string& name, double ms, double f1) {
  ComparedModel model{.name = name, .bundle = name};
  model.metrics.count = 10;
  model.metrics.f1_macro = f1;
  model.single.p50 = ms;
  return model;
}

Comparison PlottedComparison(std::vector<ComparedModel> models) {
  Comparison comparison{.timestamp = "",
                        .data = "data/it's.tsv",
                        .data_sha256 = "",
                        .filter = "",
                        .mode = "moderate",
                        .threads = 1,
                        .models = std::move(models)};
  Rank(comparison);
  return comparison;
}

TEST(ComparisonPlot, EveryMeasuredModelIsNamedAndTheOthersAreNot) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "models.svg";
  std::vector<ComparedModel> models = {TimedModel("it's a \"name\" <&>\n", 0.5, 0.9), TimedModel("near", 0.5, 0.9),
                                       TimedModel("wide-one", 1800, 0.1)};
  models[0].metrics.f1_macro_interval = Interval{0.85, 0.95};
  for (int i = 0; i < 30; ++i) models.push_back(TimedModel("crowd-" + std::to_string(i), 3, 0.5));
  models.push_back(TimedModel("broken", 0, 0));
  models.back().error = Error{};
  const auto drawn = PlotComparison(PlottedComparison(models), file);
  ASSERT_TRUE(drawn) << drawn.error().Text();
  const std::string svg = ReadFile(file).value();
  EXPECT_TRUE(svg.starts_with("<?xml"));
  for (const char* name : {"it's a", "&lt;&amp;", "near", "wide-one", "crowd-0", "crowd-29", "</svg>"}) {
    EXPECT_TRUE(svg.contains(name)) << name;
  }
  EXPECT_FALSE(svg.contains("broken"));
}

TEST(ComparisonPlot, OneModelIsAPictureToo) {
  const TemporaryDirectory dir;
  for (const double f1 : {0.0, 1.0}) {
    for (const char* name : {"one.svg", "one.png"}) {
      if (!CheckChartFile(name)) continue;  // without gnuplot there is no PNG
      const auto drawn = PlotComparison(PlottedComparison({TimedModel("alone", 0, f1)}), dir.path() / name);
      ASSERT_TRUE(drawn) << drawn.error().Text();
    }
  }
}

TEST(ComparisonPlot, NothingMeasuredIsNothingToDraw) {
  EXPECT_EQ(PlotComparison(PlottedComparison({}), "none.svg").error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(PlotComparison(PlottedComparison({}), "none.gif").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
