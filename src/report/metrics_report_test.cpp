#include "report/metrics_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

Metrics Spam() {
  const std::array<std::string, 2> labels = {"ham", "spam"};
  const std::vector<float> rows = {0.9F, 0.1F, 0.8F, 0.2F, 0.3F, 0.7F, 0.1F, 0.9F, 0.6F, 0.4F, 0.2F, 0.8F};
  return ComputeMetrics(rows, std::array{0, 0, 0, 1, 1, 1}, labels, {.positive_label = 1}).value();
}

// The bootstrap's ends are checked against numpy in metrics_test.cpp, on these decisions.
TEST(ReportText, AlignsMetricsAndTables) {
  EXPECT_EQ(ReportText(Spam()), R"(6 texts, 2 labels, positive: spam

  accuracy                 0.6667  [0.3000, 0.9032]
  f1_macro                 0.6667  [0.3483, 1.0000]
  f1_weighted              0.6667
  precision_macro          0.6667
  recall_macro             0.6667
  roc_auc                  0.8889
  recall (positive label)  0.6667  [0.2077, 0.9385]
  fpr                      0.3333  [0.0615, 0.7923]
  ece                      0.3167
  adaptive_ece             0.3167
  brier                    0.1583
  nll                      0.4629
  95 % confidence intervals: Wilson score; f1_macro: bootstrap over texts

by label
  label  precision  recall   95 % interval      f1  roc_auc  support
  ham       0.6667  0.6667  [0.208, 0.939]  0.6667   0.8889        3
  spam      0.6667  0.6667  [0.208, 0.939]  0.6667   0.8889        3

confusion matrix (rows: true labels, columns: predicted labels)
        ham  spam
  ham     2     1
  spam    1     2
)");
}

TEST(ReportText, HasNoRecallWithoutPositives) {
  const std::array<std::string, 2> labels = {"ham", "spam"};
  const auto metrics = ComputeMetrics(std::array{0.9F, 0.1F}, std::array{0}, labels, {.positive_label = 1}).value();
  const std::string text = ReportText(metrics);
  EXPECT_THAT(text, HasSubstr("  recall (positive label)       -\n"));
  EXPECT_THAT(text, HasSubstr("note: recall is undefined: no text has the label 'spam'\n"));
}

TEST(ReportText, KeepsHostileLabelsOnTheirLine) {
  const std::array<std::string, 3> labels = {"a\nb\x1b[31m\xc2\x9b", std::string(100, 'x'), "größer"};
  const auto metrics = ComputeMetrics(std::array{1.0F, 0.0F, 0.0F}, std::array{0}, labels).value();
  const std::string text = ReportText(metrics);
  EXPECT_THAT(text, HasSubstr("a?b?[31m?"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr(std::string(27, 'x') + "… "));
  EXPECT_THAT(text, HasSubstr("größer                           0.0000"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, HasSubstr("note: labels without any text: "));
}

TEST(ReportText, NamesTheWorstOfManyLabels) {
  std::vector<std::string> labels;
  std::vector<float> rows;
  std::vector<int32_t> truth, decided;
  for (int i = 0; i < 150; ++i) {
    labels.push_back("intent" + std::to_string(i));
    truth.push_back(i);
    decided.push_back(i == 70 ? 71 : i);
    for (int k = 0; k < 150; ++k) rows.push_back(k == decided.back() ? 1.0F : 0.0F);
  }
  const auto metrics = ComputeMetrics(rows, truth, labels, {}, decided).value();
  const std::string text = ReportText(metrics);
  EXPECT_THAT(text, HasSubstr("by label: the 15 lowest F1 of 150 labels"));
  EXPECT_THAT(text, HasSubstr("most often confused"));
  EXPECT_THAT(text, HasSubstr("intent70  intent71      1"));
  EXPECT_LT(std::ranges::count(text, '\n'), 50);
}

TEST(ReportText, ShowsMultiLabelCounts) {
  const std::array<std::string, 2> labels = {"toxic", "threat"};
  const std::vector<std::vector<int32_t>> truth = {{0}, {0, 1}, {}};
  const auto metrics = ComputeMultiLabelMetrics(std::array{0.9F, 0.6F, 0.9F, 0.3F, 0.1F, 0.1F}, truth, labels).value();
  const std::string text = ReportText(metrics);
  EXPECT_THAT(text, HasSubstr("3 texts, 2 labels, any number per text"));
  EXPECT_THAT(text, HasSubstr("accuracy (exact match)  0.3333"));
  EXPECT_THAT(text, HasSubstr("  threat               0                1                1               1\n"));
}

TEST(ReportJson, HasTheNamesOfTheContract) {
  const auto json = ReportJson(Spam());
  for (const char* name : {"accuracy", "f1_macro", "f1_weighted", "precision_macro", "recall_macro", "roc_auc", "fpr",
                           "ece", "adaptive_ece", "brier", "nll", "confusion", "per_class", "intervals", "count"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
  EXPECT_EQ(json["count"], 6);
  EXPECT_DOUBLE_EQ(json["roc_auc"].get<double>(), 8.0 / 9);
  EXPECT_EQ(json["confusion"], ParsedJson("[[2,1],[1,2]]"));
  EXPECT_EQ(json["positive_label"], "spam");
  EXPECT_EQ(json["per_class"][1]["label"], "spam");
  EXPECT_EQ(json["per_class"][1]["support"], 3);
  EXPECT_EQ(json["intervals"]["level"], 0.95);
  EXPECT_EQ(json["intervals"]["fpr"].size(), 2u);
  EXPECT_EQ(MetricsJson(Spam())["fpr"], json["fpr"]);
}

TEST(ReportJson, WritesNullForWhatIsUndefined) {
  const std::array<std::string, 2> labels = {"a", "b\xff"};
  const auto metrics = ComputeMetrics(std::array{1.0F, 0.0F}, std::array{0}, labels).value();
  const auto json = ParsedJson(ReportJson(metrics).dump());
  EXPECT_TRUE(json["roc_auc"].is_null());
  EXPECT_TRUE(json["fpr"].is_null());
  EXPECT_TRUE(json["positive_label"].is_null());
  EXPECT_TRUE(json["intervals"]["fpr"].is_null());
  EXPECT_TRUE(json["per_class"][1]["roc_auc"].is_null());
  EXPECT_TRUE(json["per_class"][1]["recall_interval"].is_null());
  EXPECT_EQ(json["labels"][1], "b\uFFFD");
  EXPECT_FALSE(json["notes"].empty());
}

TEST(ReportJson, GivesMultiLabelConfusionsAsScikitLearnDoes) {
  const std::array<std::string, 2> labels = {"toxic", "threat"};
  const std::vector<std::vector<int32_t>> truth = {{0}, {0, 1}, {}};
  const auto metrics = ComputeMultiLabelMetrics(std::array{0.9F, 0.6F, 0.9F, 0.3F, 0.1F, 0.1F}, truth, labels).value();
  // scikit-learn 1.9.1: multilabel_confusion_matrix([[1,0],[1,1],[0,0]], [[1,1],[1,0],[0,0]])
  EXPECT_EQ(ReportJson(metrics)["confusion"], ParsedJson("[[[1,0],[0,2]],[[1,1],[1,0]]]"));
}

TEST(ReportJson, IsTotalOnDefaultMetrics) {
  EXPECT_NO_THROW(ReportJson(Metrics{}).dump());
  EXPECT_FALSE(ReportText(Metrics{}).empty());
}

}  // namespace
}  // namespace winnow
