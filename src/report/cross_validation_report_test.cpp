#include "report/cross_validation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/example_folds.h"

namespace winnow {
namespace {

TEST(CrossValidationReport, ReportsFoldsMeanAndPooledMetrics) {
  const std::string text = CrossValidationText(ExampleFolds());
  for (const char* says : {"3 folds", "0.9500", "0.8500", "0.1323", "60 texts", "positive: spam", "roc_auc"}) {
    EXPECT_THAT(text, testing::HasSubstr(says));
  }
  const auto json = CrossValidationJson(ExampleFolds());
  EXPECT_EQ(json["folds"].size(), 3u);
  EXPECT_EQ(json["folds"][2]["fold"], 3);
  EXPECT_EQ(json["folds"][2]["train_count"], 70);
  EXPECT_EQ(json["pooled"]["count"], 60);
  EXPECT_EQ(json["pooled"]["intervals"]["accuracy"].size(), 2u);
  EXPECT_NEAR(json["mean"]["accuracy"].get<double>(), 0.85, 1e-12);
}

TEST(CrossValidationReport, AMetricThatAFoldDoesNotDefineIsNull) {
  CrossValidation result = ExampleFolds();
  result.folds[1].metrics.roc_auc.reset();
  const auto json = CrossValidationJson(result);
  EXPECT_TRUE(json["mean"]["roc_auc"].is_null());
  EXPECT_TRUE(json["folds"][1]["roc_auc"].is_null());
  EXPECT_TRUE(json["folds"][0]["roc_auc"].is_number());
}

}  // namespace
}  // namespace winnow
