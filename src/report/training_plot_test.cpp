#include "report/training_plot.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

std::vector<StepValue> Falling(int count) {
  std::vector<StepValue> points;
  for (int i = 1; i <= count; ++i) points.push_back({static_cast<double>(i), 1.0 / i});
  return points;
}

TEST(TrainingPlot, LongCurvesAreThinnedByMeans) {
  const auto points = Falling(1000);
  const auto thin = Thinned(points, 300);
  ASSERT_EQ(thin.size(), 300u);
  double sum = 0, of_all = 0;
  for (const StepValue& point : Thinned(points, 100)) sum += 10 * point.value;
  for (const StepValue& point : points) of_all += point.value;
  EXPECT_NEAR(sum, of_all, 1e-9);
  EXPECT_EQ(Thinned(Falling(7), 300).size(), 7u);
  EXPECT_TRUE(Thinned({}, 300).empty());
}

TEST(TrainingPlot, IsAWholePicture) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "training.svg";
  std::vector<Evaluation> evaluations;
  for (int i = 1; i <= 3; ++i) {
    evaluations.push_back({.step = 400 * i, .validation_loss = 1.0 / i, .metric = 0.9 + 0.01 * i, .best = i < 3});
  }
  for (const auto& of : {evaluations, std::vector<Evaluation>{}}) {
    const auto plotted = PlotTraining(Falling(1200), of, "f1_macro", "it's a \"title\"\n", file);
    ASSERT_TRUE(plotted) << plotted.error().Text();
    const std::string svg = ReadFile(file).value();
    EXPECT_THAT(svg, testing::StartsWith("<?xml"));
    EXPECT_THAT(svg, testing::HasSubstr("</svg>"));
    EXPECT_THAT(svg, testing::HasSubstr("title"));
    EXPECT_EQ(svg.find("kept: 0.9200") != std::string::npos, !of.empty());
    EXPECT_EQ(svg.find("f1_macro") != std::string::npos, !of.empty());
  }
}

TEST(TrainingPlot, TheAxisEndsAtTheLargestValueThatAMetricCanHave) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "training.svg";
  const std::vector<Evaluation> perfect = {{.step = 1, .validation_loss = 1, .metric = 1.0, .best = true},
                                           {.step = 2, .validation_loss = 1, .metric = 1.0, .best = false}};
  ASSERT_TRUE(PlotTraining(Falling(2), perfect, "f1_macro", "title", file));
  const std::string svg = ReadFile(file).value();
  EXPECT_THAT(svg, testing::HasSubstr(">0.98<"));
  EXPECT_THAT(svg, testing::Not(testing::HasSubstr(">1.0")));
  ASSERT_TRUE(PlotTraining(Falling(2), perfect, "nll", "title", file));
  EXPECT_THAT(ReadFile(file).value(), testing::HasSubstr(">1.02<")) << "a loss can be larger";
}

}  // namespace
}  // namespace winnow
