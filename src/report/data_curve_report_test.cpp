#include "report/data_curve_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A model that is right about the first `right` of 200 texts.
DataCurvePoint Point(int64_t texts, size_t right) {
  DataCurvePoint point{.texts = texts, .seconds = 2};
  std::vector<float> probabilities;
  std::vector<int32_t> truth;
  for (size_t i = 0; i < 200; ++i) {
    const bool first = (i % 2 == 0) == (i < right);
    truth.push_back(static_cast<int32_t>(i % 2));
    probabilities.push_back(first ? 0.9f : 0.1f);
    probabilities.push_back(first ? 0.1f : 0.9f);
    point.right.push_back(i < right ? 1 : 0);
  }
  point.metrics = ComputeMetrics(probabilities, truth, std::vector<std::string>{"a", "b"}).value();
  return point;
}

DataCurve Curve(size_t before, size_t after) {
  return {.available = 800, .validation = 100, .points = {Point(400, before), Point(800, after)}};
}

TEST(Outlook, SaysWhatTheLastDoublingBrought) {
  EXPECT_THAT(Outlook(Curve(120, 150)),
              testing::AllOf(HasSubstr("From 400 to 800"),
                             HasSubstr("of 200 test texts, 30 were classified correctly only with more training texts"),
                             HasSubstr("800 additional texts"), HasSubstr("about the same amount again, at most")));
  EXPECT_THAT(Outlook(Curve(150, 190)), HasSubstr("expect macro-F1 to rise by less: at most 0.0500 is left to 1."));
  EXPECT_THAT(Outlook(Curve(150, 200)),
              testing::AllOf(HasSubstr("No test text is classified wrongly"), Not(HasSubstr("expect"))));
  EXPECT_THAT(Outlook(Curve(180, 181)),
              HasSubstr("has gained less than 0.02 (95 % interval): more texts of this kind are "
                        "unlikely to help much"));
  EXPECT_THAT(Outlook(Curve(180, 184)), HasSubstr("use more test texts"));
  EXPECT_THAT(Outlook(Curve(180, 150)), HasSubstr("worse"));
  EXPECT_THAT(Outlook({.available = 800, .points = {Point(800, 150)}}), HasSubstr("at least two"));
}

TEST(Outlook, OfFewTestTextsDoesNotTakeNoDifferenceForNone) {
  DataCurve few = Curve(180, 180);
  for (DataCurvePoint& point : few.points) {
    point.right.assign(20, 1);
    point.metrics.count = 20;
  }
  EXPECT_THAT(Outlook(few), testing::AllOf(HasSubstr("use more test texts"), Not(HasSubstr("unlikely"))));
}

TEST(DataCurveReport, ReportsEachSizeWithIntervals) {
  const std::string text = DataCurveText(Curve(150, 180));
  EXPECT_THAT(text, testing::AllOf(HasSubstr("0.7500"), HasSubstr("0.9000"), HasSubstr("["), HasSubstr("From 400")));
  const auto json = DataCurveJson(Curve(150, 180));
  EXPECT_EQ(json["test_count"], 200);
  EXPECT_EQ(json["points"][1]["texts"], 800);
  EXPECT_NEAR(json["points"][1]["accuracy"].get<double>(), 0.9, 1e-12);
  EXPECT_EQ(json["points"][1]["intervals"]["f1_macro"].size(), 2u);
}

}  // namespace
}  // namespace winnow
