#include "report/data_curve_plot.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

DataCurve PlottedCurve(int points) {
  DataCurve curve{.available = 800, .validation = 50, .points = {}};
  for (int i = 0; i < points; ++i) {
    DataCurvePoint point{.texts = 100 << i};
    point.metrics.count = 200;
    point.metrics.accuracy = 0.8 + 0.05 * i;
    point.metrics.f1_macro = 0.7 + 0.05 * i;
    point.metrics.accuracy_interval = Interval{0.75 + 0.05 * i, 0.85 + 0.05 * i};
    curve.points.push_back(std::move(point));
  }
  return curve;
}

TEST(DataCurvePlot, IsAWholePicture) {
  const TemporaryDirectory dir;
  for (const int points : {1, 4}) {
    const auto file = dir.path() / "curve.svg";
    const auto plotted = PlotDataCurve(PlottedCurve(points), "it's a \"title\"\n", file);
    ASSERT_TRUE(plotted) << plotted.error().Text();
    const std::string svg = ReadFile(file).value();
    EXPECT_THAT(svg, testing::StartsWith("<?xml"));
    for (const char* says : {"</svg>", "macro-F1", "accuracy", "training texts", "100"}) {
      EXPECT_THAT(svg, testing::HasSubstr(says));
    }
  }
  EXPECT_EQ(PlotDataCurve(PlottedCurve(0), "", dir.path() / "none.svg").error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(PlotDataCurve(PlottedCurve(2), "", dir.path() / "none.jpg").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
