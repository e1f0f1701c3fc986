#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <utility>

#include "evaluate/metrics.h"
#include "support/metric_samples.h"

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(MetricByName, KnowsEveryNameItLists) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(200, 2, 4, 11, 1, 2), 1);
  for (const std::string_view name : MetricNames()) EXPECT_TRUE(MetricByName(metrics, name)) << name;
  EXPECT_EQ(MetricByName(metrics, "f1_macro").value(), metrics.f1_macro);
  EXPECT_EQ(MetricByName(metrics, "f1-macro").value(), metrics.f1_macro);
  EXPECT_EQ(MetricByName(metrics, "eval_accuracy").value(), metrics.accuracy);
  const std::pair<const char*, std::optional<double>> values[] = {{"accuracy", metrics.accuracy},
                                                                  {"f1_macro", metrics.f1_macro},
                                                                  {"f1_micro", metrics.f1_micro},
                                                                  {"f1_weighted", metrics.f1_weighted},
                                                                  {"roc_auc", metrics.roc_auc},
                                                                  {"precision_macro", metrics.precision_macro},
                                                                  {"recall_macro", metrics.recall_macro},
                                                                  {"fpr", metrics.fpr},
                                                                  {"ece", metrics.ece},
                                                                  {"adaptive_ece", metrics.adaptive_ece},
                                                                  {"brier", metrics.brier},
                                                                  {"nll", metrics.nll}};
  EXPECT_EQ(MetricNames().size(), std::size(values));
  std::set<double> different;
  for (const auto& [name, value] : values) {
    EXPECT_EQ(MetricByName(metrics, name).value(), value) << name;
    different.insert(value.value());
  }
  EXPECT_GE(different.size(), 9u) << "a value that belongs to another name would not be noticed";
  for (const char* name :
       {"accuracy", "f1_macro", "f1_micro", "f1_weighted", "precision_macro", "recall_macro", "roc_auc"})
    EXPECT_TRUE(HigherIsBetter(name).value()) << name;
  for (const char* name : {"fpr", "ece", "adaptive_ece", "brier", "nll"})
    EXPECT_FALSE(HigherIsBetter(name).value()) << name;
}

TEST(MetricByName, KnowsTheNamesOfHuggingFacesExamples) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(200, 2, 4, 11, 1, 2), 1);
  for (const char* name : {"f1", "macro_f1", "macro-f1", "eval_macro_f1", "eval_f1_macro"}) {
    EXPECT_EQ(MetricByName(metrics, name).value(), metrics.f1_macro) << name;
    EXPECT_EQ(CanonicalMetricName(name), "f1_macro") << name;
  }
  for (const char* name : {"loss", "eval_loss"}) {
    EXPECT_EQ(MetricByName(metrics, name).value(), metrics.nll) << name;
    EXPECT_FALSE(HigherIsBetter(name).value()) << name;
  }
  EXPECT_EQ(CanonicalMetricName("loveliness"), std::nullopt);
}

TEST(MetricByName, SuggestsTheNameThatWasMeant) {
  const auto wrong = MetricByName(Metrics{}, "f1_marco");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().hint, HasSubstr("did you mean 'f1_macro'?"));
}

TEST(MetricByName, ListsTheNamesInItsError) {
  const auto wrong = MetricByName(Metrics{}, "loveliness");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  for (const std::string_view name : MetricNames()) EXPECT_THAT(wrong.error().hint, HasSubstr(std::string(name)));
  EXPECT_FALSE(HigherIsBetter("loveliness"));
}

TEST(MetricByName, SaysWhyAMetricIsUndefined) {
  const auto undefined = MetricByName(MetricsOfSample(SingleLabelSample(80, 5, 5, 31, 3, 3)), "roc_auc");
  ASSERT_FALSE(undefined);
  EXPECT_EQ(undefined.error().code, ErrorCode::kInvalidData);
  EXPECT_THAT(undefined.error().message, HasSubstr("texts with and without 'label3', 'label4'"));
}

}  // namespace
}  // namespace winnow
