#include "report/evaluation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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
  EXPECT_EQ(headlines[0].sentence, "Of 1,000 texts, 950 got the right label.");
  EXPECT_EQ(headlines[1].sentence, "Of 1,000 negatives (texts that are not '<spam>'), 0 were assigned that label.");
  EXPECT_EQ(headlines[2].interval, "59.8 to 85.8 %");  // Wilson's of 30 of 40
  report.metrics.count = 60;
  EXPECT_THAT(Warnings(report), testing::Contains(HasSubstr("Only 60 texts")));
}

TEST(EvaluationReport, CountsRareOutcomesOfMoreTexts) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.metrics.accuracy = 0.9998;
  report.metrics.fpr = 0.00001;
  const std::vector<Headline> headlines = Headlines(report);
  EXPECT_EQ(headlines[0].sentence, "Of 100,000 texts, 99,980 got the right label.");
  EXPECT_EQ(headlines[1].sentence, "Of 100,000 negatives (texts that are not '<spam>'), 1 was assigned that label.");
}

TEST(EvaluationReport, ComparesWithAlwaysAssigningTheMajorityLabel) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  EXPECT_THAT(report.majority.labels, testing::ElementsAre(0));
  EXPECT_EQ(report.majority.texts, 160);
  const auto verdict = [&](double accuracy) {
    report.metrics.accuracy = accuracy;
    const auto right = static_cast<int64_t>(std::llround(accuracy * 200)), found = std::max<int64_t>(right - 160, 0);
    report.metrics.accuracy_interval = WilsonInterval(right, 200);
    report.metrics.confusion = {right - found, 160 - (right - found), 40 - found, found};
    return VerdictAgainstMajority(report.metrics, report.majority);
  };
  EXPECT_EQ(verdict(0.95).sentence, "Better than always assigning 'ham' (accuracy 80.0 %) by 15.0 percentage points.");
  EXPECT_EQ(verdict(0.95).outcome, BaselineVerdict::kBetter);
  EXPECT_THAT(verdict(0.82).sentence, HasSubstr("Not clearly better than always assigning 'ham'"));
  EXPECT_EQ(verdict(0.82).outcome, BaselineVerdict::kUnclear) << "4 texts to 0: p = 1/8";
  EXPECT_EQ(verdict(0.83).outcome, BaselineVerdict::kBetter) << "6 texts to 0: p = 1/32";
  EXPECT_EQ(verdict(0.8).sentence, "Only as accurate as always assigning 'ham' (accuracy 80.0 %).");
  EXPECT_EQ(verdict(0.5).sentence, "Worse than always assigning 'ham' (accuracy 80.0 %) by 30.0 percentage points.");
  EXPECT_EQ(verdict(0.5).outcome, BaselineVerdict::kNotBetter);
  report.majority.texts = 200;
  EXPECT_THAT(verdict(0.95).sentence, HasSubstr("All texts have the label 'ham'"));
  report.majority.labels.clear();
  report.majority.texts = 160;
  // Where most texts have no label, few whole sets are predicted better: the macro-F1 counts.
  report.metrics.f1_macro = 0.53;
  report.metrics.f1_macro_interval = Interval{0.48, 0.58};
  // 160 of 200 texts have the one label, 40 the other: 2 p / (1 + p) is 8/9 and 1/3.
  EXPECT_EQ(verdict(0.7).sentence,
            "No better than always assigning all labels (macro-F1 0.611): the macro-F1 is 0.530.");
  EXPECT_EQ(verdict(0.95).outcome, BaselineVerdict::kNotBetter);
  report.metrics.f1_macro = 0.7;
  report.metrics.f1_macro_interval = Interval{0.65, 0.75};
  EXPECT_EQ(verdict(0.7).sentence, "Better than always assigning all labels (macro-F1 0.611): the macro-F1 is 0.700.");
  EXPECT_EQ(verdict(0.7).outcome, BaselineVerdict::kBetter);
  report.metrics.f1_macro_interval = Interval{0.6, 0.8};
  EXPECT_THAT(verdict(0.95).sentence, HasSubstr("Not clearly better than always assigning all labels"));
  EXPECT_EQ(verdict(0.95).outcome, BaselineVerdict::kUnclear);
}

TEST(Verdict, SaysInNumbersOfTextsWhatToExpect) {
  Metrics metrics;
  metrics.accuracy = 0.95;
  EXPECT_EQ(ExpectationText(metrics), "Of 1,000 texts like these, expect about 950 to get the right label.");
  metrics.accuracy_interval = WilsonInterval(190, 200);
  EXPECT_EQ(ExpectationText(metrics),
            "Of 1,000 texts like these, expect about 950 to get the right label (with 95 % confidence, between 910 and "
            "973).");
  metrics.multi_label = true;
  EXPECT_THAT(ExpectationText(metrics), HasSubstr("expect about 950 to get exactly the right labels (with"));
}

TEST(Verdict, RoundsNeitherAnErrorNorARightTextAway) {
  const auto text = [](int64_t right, int64_t count) {
    Metrics metrics;
    metrics.accuracy = static_cast<double>(right) / static_cast<double>(count);
    metrics.accuracy_interval = WilsonInterval(right, count);
    return ExpectationText(metrics);
  };
  EXPECT_THAT(text(9999, 10'000), HasSubstr("Of 100,000 texts like these, expect about 99,990 to get"));
  EXPECT_THAT(text(1, 10'000), HasSubstr("Of 100,000 texts like these, expect about 10 to get"));
  EXPECT_THAT(text(20, 20),
              HasSubstr("expect about 1,000 to get the right label (with 95 % confidence, between 839 and 1,000)"));
  EXPECT_THAT(text(0, 20),
              HasSubstr("expect about 0 to get the right label (with 95 % confidence, between 0 and 161)"));
}

TEST(Verdict, OfAnEvaluationNamesWhatIsNeverPredicted) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  EXPECT_EQ(EvaluationVerdict(report.metrics, report.majority),
            "Of 1,000 texts like these, expect about 950 to get the right label (with 95 % confidence, between 910 and "
            "973). Better than always assigning 'ham' (accuracy 80.0 %) by 15.0 percentage points.");
  EXPECT_EQ(EvaluationReportJson(report)["verdict"], EvaluationVerdict(report.metrics, report.majority));
  report.metrics.per_class[1].decided = 0;
  EXPECT_THAT(EvaluationVerdict(report.metrics, report.majority),
              testing::EndsWith("The label '<spam>' was never predicted, although 40 texts have it."));
}

TEST(Verdict, IsOneLineOfAllThatMatters) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.metrics.accuracy = 0.8;
  report.metrics.per_class[1].decided = 0;
  EXPECT_EQ(
      VerdictLine(report.metrics, report.majority, {"threat"}),
      "Accuracy 80.0 %. Only as accurate as always assigning 'ham' (accuracy 80.0 %). The label '<spam>' was never "
      "predicted, although 40 texts have it. The decision threshold of 'threat' could not be tuned and stays 0.5: "
      "fewer than 10 held-out texts have this label, or fewer than 10 do not.");
  EXPECT_THAT(UntunedText({"a", "b"}), HasSubstr("thresholds of 'a', 'b' could not be tuned and stay 0.5"));
  EXPECT_EQ(UntunedText({}), "");
}

TEST(EvaluationReport, WarnsFirstOfLabelsThatWereNeverPredicted) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.metrics.count = 60;
  report.metrics.per_class[1].decided = 0;
  EXPECT_EQ(Warnings(report).front(), "The label '<spam>' was never predicted, although 40 texts have it.");
  report.metrics.per_class[0].decided = 0;
  EXPECT_EQ(Warnings(report).front(),
            "2 of 2 labels were never predicted, although there are texts with them: 'ham', '<spam>'.");
}

TEST(EvaluationReport, NamesWhereTheMetricsComeFrom) {
  EvaluationReport report;
  EXPECT_EQ(Provenance(report), "");
  report.origin.data = {
      {.path = "data/a.tsv", .sha256 = ""}, {.path = "b.tsv", .sha256 = ""}, {.path = "c", .sha256 = ""}};
  report.origin.timestamp = "2026-11-28T10:33:47Z";
  report.model.base_model = "minilm";
  report.model.weights = "int8";
  EXPECT_EQ(Provenance(report), "Data: a.tsv, b.tsv and 1 more. Base model: minilm. Weights: int8. Date: 2026-11-28.");
}

TEST(EvaluationReport, ErrorsHaveKinds) {
  EvaluationReport report;
  report.metrics.labels = {"ham", "spam", "other"};
  const auto kind = [&](const std::vector<int32_t>& truth, const std::vector<int32_t>& decided) {
    ReportedText text;
    text.truth = truth;
    text.decided = decided;
    return ErrorKind(report, text);
  };
  EXPECT_EQ(kind({0}, {1}), "ham → spam");
  report.metrics.positive_label = 1;
  EXPECT_EQ(kind({0}, {1}), "false positives: wrongly 'spam'");
  EXPECT_EQ(kind({1}, {0}), "false negatives: 'spam' missed");
  EXPECT_EQ(kind({0}, {2}), "other errors");
  report.metrics.multi_label = true;
  EXPECT_EQ(kind({0, 1}, {0}), "labels missing");
  EXPECT_EQ(kind({}, {0}), "extra labels");
  EXPECT_EQ(kind({1}, {0}), "missing and extra labels");
}

TEST(EvaluationReport, DifferencesArePositiveWhereTheFirstModelHasMore) {
  PairedComparison paired;
  paired.metrics = {{"accuracy", 0.9, 0.8, Interval{-0.15, -0.05}, 0.001},
                    {"fpr", 0.1, 0.3, Interval{0.1, 0.3}, 0.001},
                    {"recall", 0.5, 0.6, Interval{0.05, 0.15}, 0.001},
                    {"f1_macro", 0.5, 0.51, Interval{-0.1, 0.1}, 0.001},
                    {"f1_macro", 0.9, 0.8, Interval{-0.15, -0.05}, 0.125}};
  const std::vector<ComparedMetric> metrics = ComparedMetrics(paired);
  EXPECT_NEAR(metrics[0].difference, 0.1, 1e-9);
  EXPECT_EQ(metrics[0].interval, (Interval{0.05, 0.15}));
  EXPECT_EQ(metrics[0].verdict, "better");
  EXPECT_NEAR(metrics[1].difference, -0.2, 1e-9);
  EXPECT_EQ(metrics[1].verdict, "better") << "a lower false-positive rate is better";
  EXPECT_EQ(metrics[2].verdict, "worse");
  EXPECT_EQ(metrics[3].verdict, "no clear difference");
  EXPECT_EQ(metrics[4].verdict, "no clear difference") << "by the test";
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

TEST(ReportHtml, BeginsWithTheVerdictAndFiltersErrorsWithoutAScript) {
  Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.model.name = "accept_reservations";
  report.model.kind = "lr";
  report.model.max_length = 128;
  std::string html = ReportHtml(report);
  EXPECT_THAT(html, HasSubstr("<bdi>accept_<wbr>reservations</bdi>"));
  const size_t verdict = html.find(
      "<p class=\"outcome better\">Of 1,000 texts like these, expect about 950 to get the right label (with 95 % "
      "confidence, between 910 and 973). Better than always assigning &#39;ham&#39;");
  EXPECT_LT(verdict, html.find("<ul class=\"tiles\">"));
  EXPECT_THAT(html, Not(HasSubstr("tokens"))) << "a linear model has none";
  EXPECT_THAT(html, Not(HasSubstr("type=\"radio\""))) << "all errors are of one kind";
  EXPECT_THAT(html, HasSubstr("<text x"));
  report.errors[0].truth = {0};
  report.errors[0].decided = {1};
  html = ReportHtml(report);
  EXPECT_THAT(html, HasSubstr("for=\"kind-all\"><bdi>all</bdi> (10)"));
  EXPECT_THAT(html, HasSubstr("false negatives: &#39;&lt;spam&gt;&#39; missed</bdi> (9)"));
  EXPECT_THAT(html, HasSubstr("<li class=\"kind-1\">"));
  report.model.kind = "transformer";
  EXPECT_THAT(ReportHtml(report), HasSubstr("up to 128 tokens"));
}

TEST(ReportHtml, NamesTheThresholdsInTheCharts) {
  const Example200 example;
  const EvaluationReport report = MakeEvaluationReport(
      example.dataset, example.predictions, ModeThresholds{.strict = 0.3F, .moderate = 0.5F, .lenient = 0.7F});
  for (const char* const mode : {">strict</text>", ">moderate</text>", ">lenient</text>"}) {
    EXPECT_THAT(ReportHtml(report), HasSubstr(mode));
  }
  const EvaluationReport close = MakeEvaluationReport(
      example.dataset, example.predictions, ModeThresholds{.strict = 0.9F, .moderate = 0.95F, .lenient = 0.97F});
  EXPECT_THAT(ReportHtml(close), HasSubstr(">strict, moderate, lenient</text>"));
}

TEST(ReportMarkdown, EscapesNoMoreThanMarkdownNeeds) {
  const Example200 example;
  EvaluationReport report = MakeEvaluationReport(example.dataset, example.predictions, ModeThresholds{});
  report.model.name = "out";
  report.model.version = "1.0.0";
  const std::string text = ReportMarkdown(report);
  EXPECT_THAT(text, HasSubstr("# Evaluation of out\n\nout 1.0.0 on 200 texts with 2 labels.\n\n"));
  EXPECT_THAT(text,
              HasSubstr("**Of 1,000 texts like these, expect about 950 to get the right label (with 95 % confidence, "
                        "between 910 and 973). Better than always assigning 'ham' (accuracy 80.0 %) by 15.0 percentage "
                        "points.**"));
  EXPECT_THAT(text, HasSubstr("| metric | value | 95 % interval | meaning |\n| :--- | ---: | ---: | :--- |\n"));
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
