#include "evaluate/data_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST(CurveSizes, AreHalvesUnlessGiven) {
  EXPECT_THAT(CurveSizes({}, 1000, 2).value(), ElementsAre(62, 125, 250, 500, 1000));
  EXPECT_THAT(CurveSizes({}, 1000, 77).value(), ElementsAre(250, 500, 1000));
  EXPECT_THAT(CurveSizes({}, 40, 2).value(), ElementsAre(40));
  EXPECT_EQ(CurveSizes({}, 1000000, 2)->size(), 7u);
  const std::vector<std::string> wanted = {"200", "0.5", "50", "1", "50"};
  EXPECT_THAT(CurveSizes(wanted, 1000, 2).value(), ElementsAre(50, 200, 500, 1000));
}

TEST(CurveSizes, ThatCanNotBeAreRefused) {
  for (const char* size : {"0", "-5", "1001", "12.5", "many", "", "nan", "1e300", "0.0001"}) {
    const std::vector<std::string> wanted = {size};
    const auto sizes = CurveSizes(wanted, 1000, 2);
    ASSERT_FALSE(sizes) << size;
    EXPECT_EQ(sizes.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(sizes.error().message, HasSubstr("1000"));
  }
}

TEST(Change, BeyondChanceIsMcNemars) {
  const std::vector<uint8_t> none(100, 0);
  std::vector<uint8_t> some(100, 0);
  for (size_t i = 0; i < 5; ++i) some[i] = 1;
  EXPECT_FALSE(ChangeBetween(none, some).beyond_chance);  // (5 - 1)^2 / 5 = 3.2
  some[5] = 1;
  EXPECT_TRUE(ChangeBetween(none, some).beyond_chance);  // 25 / 6
  EXPECT_EQ(ChangeBetween(none, some).better, 6);
  EXPECT_EQ(ChangeBetween(some, none).worse, 6);
  EXPECT_TRUE(ChangeBetween(some, none).beyond_chance);
  EXPECT_FALSE(ChangeBetween(some, some).beyond_chance);
}

TEST(Outlook, SaysWhatTheLastDoublingBrought) {
  EXPECT_THAT(Outlook(Curve(150, 180)),
              testing::AllOf(HasSubstr("From 400 to 800"), HasSubstr("of 200 test texts 30 came right"),
                             HasSubstr("800 texts more"), HasSubstr("up to about")));
  EXPECT_THAT(Outlook(Curve(180, 181)), HasSubstr("no more than chance"));
  EXPECT_THAT(Outlook(Curve(180, 184)), HasSubstr("more test texts would tell"));
  EXPECT_THAT(Outlook(Curve(180, 150)), HasSubstr("worse"));
  EXPECT_THAT(Outlook({.available = 800, .points = {Point(800, 150)}}), HasSubstr("two or more"));
}

TEST(DataCurve, ReportsEachSizeWithIntervals) {
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
