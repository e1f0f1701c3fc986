#include "report/cross_validation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

const std::vector<std::string> kLabels = {"ham", "spam"};

/// Of texts that alternate between the labels, the first `wrong` of them decided wrongly.
Metrics Of(size_t texts, size_t wrong) {
  std::vector<float> probabilities;
  std::vector<int32_t> truth;
  for (size_t i = 0; i < texts; ++i) {
    truth.push_back(static_cast<int32_t>(i % 2));
    const bool spam = (i % 2 == 1) != (i < wrong);
    probabilities.push_back(spam ? 0.2f : 0.9f);
    probabilities.push_back(spam ? 0.8f : 0.1f);
  }
  return ComputeMetrics(probabilities, truth, kLabels, {.positive_label = 1}).value();
}

CrossValidation Example() {
  CrossValidation result;
  for (const size_t wrong : {1u, 2u, 6u}) {
    result.folds.push_back({.train = 70, .validation = 10, .best_epoch = 2, .seconds = 1.5, .metrics = Of(20, wrong)});
  }
  result.pooled = Of(60, 9);
  return result;
}

TEST(CrossValidationReport, ReportsFoldsMeanAndPooledFigures) {
  const std::string text = CrossValidationText(Example());
  for (const char* says : {"3 folds", "0.9500", "0.8500", "0.1323", "60 texts", "positive: spam", "roc_auc"}) {
    EXPECT_THAT(text, testing::HasSubstr(says));
  }
  const auto json = CrossValidationJson(Example());
  EXPECT_EQ(json["folds"].size(), 3u);
  EXPECT_EQ(json["folds"][2]["fold"], 3);
  EXPECT_EQ(json["folds"][2]["train_count"], 70);
  EXPECT_EQ(json["pooled"]["count"], 60);
  EXPECT_EQ(json["pooled"]["intervals"]["accuracy"].size(), 2u);
  EXPECT_NEAR(json["mean"]["accuracy"].get<double>(), 0.85, 1e-12);
}

TEST(CrossValidationReport, AFigureThatAFoldDoesNotDefineIsNull) {
  CrossValidation result = Example();
  result.folds[1].metrics.roc_auc.reset();
  const auto json = CrossValidationJson(result);
  EXPECT_TRUE(json["mean"]["roc_auc"].is_null());
  EXPECT_TRUE(json["folds"][1]["roc_auc"].is_null());
  EXPECT_TRUE(json["folds"][0]["roc_auc"].is_number());
}

}  // namespace
}  // namespace winnow
