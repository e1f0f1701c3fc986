#include "report/evaluation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_html.h"
#include "report/report_markdown.h"
#include "report/report_words.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

/// 200 texts, of which every fifth is spam; the model errs where i is a multiple of 20.
struct Example200 {
  Dataset dataset{.examples = {}, .labels = {{"ham", "<spam>"}}, .multi_label = false};
  std::vector<float> probabilities;
  ReportedPredictions predictions;

  Example200() {
    for (int i = 0; i < 200; ++i) {
      const int32_t truth = i % 5 == 0 ? 1 : 0;
      dataset.examples.push_back({.text = "text & number " + std::to_string(i),
                                  .labels = {truth},
                                  .file = "a.tsv",
                                  .row = static_cast<size_t>(i + 1)});
      const bool wrong = i % 20 == 0;
      const float spam = (truth == 1) != wrong ? 0.9F : 0.01F + static_cast<float>(i) / 1000;
      probabilities.push_back(1 - spam);
      probabilities.push_back(spam);
    }
    predictions.probabilities = probabilities;
    predictions.decided = DecideTexts(dataset, probabilities, 1,
                                      [](std::span<const float> row) { return Decide(row, {.positive_label = 1}); });
    std::vector<int32_t> truth;
    for (const Example& example : dataset.examples) truth.push_back(example.labels.front());
    predictions.metrics = ComputeMetrics(probabilities, truth, dataset.labels.names, {.positive_label = 1}).value();
  }
};

TEST(EvaluationReport, ThresholdsGiveTheMetricsOfTheirMode) {
  const Example200 example;
  const EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  ASSERT_TRUE(report.thresholds);
  EXPECT_EQ(report.thresholds->positives, 40);
  EXPECT_EQ(report.thresholds->negatives, 160);
  const ThresholdPoint& moderate = report.thresholds->modes[1].at;
  EXPECT_EQ(moderate.found, 30);
  EXPECT_EQ(moderate.false_positives, 0);
  EXPECT_EQ(report.thresholds->points.front().found, 40);
  EXPECT_EQ(report.thresholds->points.front().false_positives, 160);
  EXPECT_EQ(report.thresholds->points.size(), 201U);
}

TEST(EvaluationReport, TheSurestErrorsComeFirst) {
  const Example200 example;
  const EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, {}, {.most_texts = 3});
  EXPECT_EQ(report.error_count, 10);
  ASSERT_EQ(report.errors.size(), 3U);
  EXPECT_EQ(report.errors[0].row, 1U);
  EXPECT_EQ(report.errors[1].row, 21U);
  EXPECT_NEAR(report.errors[0].confidence, 0.99, 1e-6);
  EXPECT_EQ(report.errors[0].text, "text & number 0");
  EXPECT_TRUE(
      MakeEvaluationReport(example.dataset, example.predictions, {}, {.with_texts = false}).errors[0].text.empty());
}

TEST(EvaluationReport, ExplainsTheMetrics) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  const std::vector<Headline> headlines = Headlines(report);
  ASSERT_GE(headlines.size(), 5U);
  EXPECT_EQ(headlines[0].sentence, "95.0 % of the texts were assigned their true label.");
  EXPECT_EQ(headlines[1].sentence, "Of the negatives (texts that are not '<spam>'), 0 % were assigned that label.");
  EXPECT_EQ(headlines[2].interval, "59.8 to 85.8 %");  // Wilson's of 30 of 40
  report.metrics.count = 60;
  EXPECT_THAT(Warnings(report), testing::Contains(HasSubstr("Only 60 texts")));
}

TEST(PercentText, DoesNotRoundToNoneOrAll) {
  EXPECT_EQ(PercentText(0.5), "50.0 %");
  EXPECT_EQ(PercentText(0.0), "0 %");
  EXPECT_EQ(PercentText(1.0), "100 %");
  EXPECT_EQ(PercentText(0.0003), "0.03 %");
  EXPECT_EQ(PercentText(0.9997), "99.97 %");
  EXPECT_EQ(PercentText(0.000001), "< 0.01 %");
  EXPECT_EQ(PercentText(0.999999), "> 99.99 %");
  EXPECT_EQ(PercentText({}), "-");
}

TEST(ReportHtml, EscapesNamesAndNeedsNoNetwork) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.model.name = "<b>model";
  const std::string html = ReportHtml(report);
  EXPECT_THAT(html, HasSubstr("<bdi>&lt;b&gt;model</bdi>"));
  EXPECT_THAT(html, HasSubstr("text &amp; number 0"));
  for (const char* chart : {"roc", "pr", "reliability", "rates", "fpr"}) {
    EXPECT_THAT(html, HasSubstr("aria-labelledby=\"" + std::string(chart) + "-title "));
  }
  for (const char* never : {"<spam>", "<b>model", "<script", "http://", "https://", "src=", "href="}) {
    EXPECT_THAT(html, Not(HasSubstr(never)));
  }
  EXPECT_THAT(ReportMarkdown(report), Not(HasSubstr("<spam>")));
}

TEST(EvaluationReportJson, HoldsNoNaN) {
  Example200 example;
  // Nothing but ham: no recall, no ROC curve.
  std::erase_if(example.dataset.examples, [](const Example& e) { return e.labels.front() == 1; });
  example.probabilities.resize(2 * example.dataset.examples.size());
  example.predictions.probabilities = example.probabilities;
  example.predictions.decided = DecideTexts(example.dataset, example.probabilities, 1, [](std::span<const float> row) {
    return Decide(row, {.positive_label = 1});
  });
  const std::vector<int32_t> truth(example.dataset.examples.size(), 0);
  example.predictions.metrics =
      ComputeMetrics(example.probabilities, truth, example.dataset.labels.names, {.positive_label = 1}).value();
  const EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  const Json json = EvaluationReportJson(report);
  EXPECT_TRUE(json["thresholds"]["modes"]["strict"]["recall"].is_null());
  EXPECT_THAT(json.dump(), Not(HasSubstr("nan")));
  EXPECT_THAT(ReportHtml(report), Not(HasSubstr("nan")));
  EXPECT_EQ(report.curves.size(), 0U);
}

}  // namespace
}  // namespace winnow
