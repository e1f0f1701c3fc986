#include "drift/drift.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "drift/drift_words.h"
#include "support/error_of.h"
#include "support/one_word_model.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// A model of one word: texts with "prize" are spam with probability .9, others with .1.
class Drift : public testing::Test {
 protected:
  Drift() { WriteOneWordModel(dir_.path(), "one <word>", "prize", .9); }

  static std::vector<std::string> Texts(size_t count, uint32_t prizes_in_ten, uint64_t seed) {
    Random random(seed, "texts of drift");
    std::vector<std::string> texts;
    for (size_t t = 0; t < count; ++t) {
      std::string text = random.Below(10) < prizes_in_ten ? "prize" : "hello";
      for (int w = 0; w < 5; ++w) text += " w" + std::to_string(random.Below(20));
      texts.push_back(text + " " + std::to_string(t));
    }
    return texts;
  }

  DriftReport Measure(std::vector<std::string> reference, std::vector<std::string> current) {
    const BundleClassifier classifier = BundleClassifier::Load(dir_.path(), pool_).value();
    return MeasureDrift(classifier, std::move(reference), std::move(current), {}, pool_).value();
  }

  static const DriftMeasure& MeasureOf(const DriftReport& report, std::string_view name) {
    return *std::ranges::find(report.measures, name, &DriftMeasure::name);
  }

  TemporaryDirectory dir_;
  ThreadPool pool_{2};
};

TEST_F(Drift, TextsOfOneSourceHaveNone) {
  const DriftReport report = Measure(Texts(500, 3, 1), Texts(500, 3, 2));
  EXPECT_FALSE(report.drifted()) << DriftText(report);
  EXPECT_NEAR(report.reference_performance.accuracy.value, .9, 1e-6);
  EXPECT_THAT(DriftVerdict(report), HasSubstr("No drift"));
}

TEST_F(Drift, OtherSharesOfTheLabelsAreDriftOfLabelsAndScores) {
  const DriftReport report = Measure(Texts(500, 2, 1), Texts(500, 7, 2));
  EXPECT_NEAR(MeasureOf(report, "label_distance").value, .5, .06);
  EXPECT_NEAR(MeasureOf(report, "score_distance").value, .5, .06);
  EXPECT_TRUE(MeasureOf(report, "label_distance").drifted());
  EXPECT_FALSE(MeasureOf(report, "length_distance").drifted());
  EXPECT_TRUE(report.drifted());
  EXPECT_NEAR(report.current_performance.positives->value, .1 + .8 * .7, .05);
  EXPECT_EQ(report.labels[1].label, "spam");
}

TEST_F(Drift, FewTextsOfOneSourceHaveNone) {
  int drifted = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    drifted += Measure(Texts(50, 5, 2 * seed), Texts(50, 5, 2 * seed + 1)).drifted() ? 1 : 0;
  }
  EXPECT_LE(drifted, 2) << "of 20 pairs of samples of one source, of 50 texts each";
}

TEST_F(Drift, AChangeThatChanceExplainsIsNone) {
  EXPECT_FALSE((DriftMeasure{.name = "", .title = "", .value = .21, .limit = .1, .chance = .24}.drifted()));
  EXPECT_TRUE((DriftMeasure{.name = "", .title = "", .value = .25, .limit = .1, .chance = .24}.drifted()));
  EXPECT_FALSE((DriftMeasure{.name = "", .title = "", .value = .09, .limit = .1, .chance = .05}.drifted()));
}

TEST_F(Drift, WordsThatNoFeatureHasAreUnknown) {
  std::vector<std::string> texts(30, "hello prize"), others(30, "bonjour prize");
  for (size_t t = 0; t < texts.size(); ++t) {
    texts[t] += std::string(t % 3 + 1, 'x');
    others[t] += std::string(t % 3 + 1, 'x');
  }
  texts.push_back("hello");
  texts.push_back("hello prize");
  texts.resize(40, "hello hello");
  for (int t = 0; t < 10; ++t) texts.push_back(std::string(static_cast<size_t>(t + 2), 'y') + " hello");
  for (int t = 0; t < 10; ++t) others.push_back(std::string(static_cast<size_t>(t + 2), 'y') + " bonjour");
  const DriftReport report = Measure(std::move(texts), std::move(others));
  EXPECT_NEAR(MeasureOf(report, "unknown_distance").current_mean, 1, 1e-9);
  EXPECT_LT(MeasureOf(report, "unknown_distance").reference_mean, .6);
  EXPECT_TRUE(MeasureOf(report, "unknown_distance").drifted());
}

TEST_F(Drift, FewTextsAreAnError) {
  const BundleClassifier classifier = BundleClassifier::Load(dir_.path(), pool_).value();
  const auto report = MeasureDrift(classifier, Texts(500, 3, 1), Texts(7, 3, 2), {}, pool_);
  EXPECT_EQ(ErrorOf(report).code, ErrorCode::kInvalidData);
  EXPECT_THAT(ErrorOf(report).message, HasSubstr("current sample has 7 texts"));
}

TEST_F(Drift, StopsWhenTheUserAsksForIt) {
  const BundleClassifier classifier = BundleClassifier::Load(dir_.path(), pool_).value();
  const auto report =
      MeasureDrift(classifier, Texts(100, 3, 1), Texts(100, 3, 2), {}, pool_, [](double) { return false; });
  EXPECT_EQ(ErrorOf(report).code, ErrorCode::kCancelled);
}

TEST_F(Drift, TheBoundOfFalsePositivesIsThatOfTheMode) {
  Manifest manifest = ReadManifest(dir_.path()).value();
  // A tenth of the texts that are called spam is not, so that the estimated false-positive rate is .1 * .3 / .66 =
  // .045.
  manifest.thresholds.guarantee = FprGuarantee{.max_fpr = .03, .lenient_max_fpr = .02, .confidence = .95, .texts = 500};
  ASSERT_TRUE(WriteManifest(dir_.path(), manifest));
  const BundleClassifier classifier = BundleClassifier::Load(dir_.path(), pool_).value();
  const auto measure = [&](const ClassifyOptions& options) {
    return MeasureDrift(classifier, Texts(2000, 3, 1), Texts(2000, 3, 2), {.classify = options}, pool_).value();
  };
  const DriftReport moderate = measure({});
  EXPECT_EQ(moderate.max_false_positive_rate, .03);
  EXPECT_TRUE(moderate.exceeds_guarantee());
  EXPECT_FALSE(moderate.errors_have_risen());
  EXPECT_THAT(DriftVerdict(moderate), HasSubstr("false-positive rate is above 3.0 %, which the decision thresholds "
                                                "guarantee"));
  const DriftReport strict = measure({.mode = Mode::kStrict});
  EXPECT_EQ(strict.max_false_positive_rate, .06);
  EXPECT_FALSE(strict.exceeds_guarantee());
  EXPECT_EQ(measure({.mode = Mode::kLenient}).max_false_positive_rate, .02);
  EXPECT_EQ(measure({.threshold = .5F}).max_false_positive_rate, std::nullopt);
}

TEST_F(Drift, ReportsSayTheSameInEachForm) {
  DriftReport report = Measure(Texts(300, 2, 1), Texts(300, 7, 2));
  report.reference_source = "a.csv";
  report.current_source = "<b>.csv";
  report.max_false_positive_rate = .01;
  VerdictRates rates;
  rates.false_positives = {.rate = .02, .low = .01, .high = .04, .verdicts = 120};
  rates.labelled = 120;
  report.audited = rates;
  EXPECT_TRUE(report.errors_drifted()) << "the estimated false-positive rate is above the guaranteed one";
  const Json json = DriftJson(report);
  EXPECT_TRUE(json["drift"].get<bool>());
  EXPECT_EQ(json["audited"]["fpr"]["verdicts"].get<int64_t>(), 120);
  EXPECT_EQ(json["measures"]["label_distance"]["value"].get<double>(), MeasureOf(report, "label_distance").value);
  EXPECT_EQ(json["measures"]["score_distance"]["chance"].get<double>(), MeasureOf(report, "score_distance").chance);
  EXPECT_FALSE(json["measures"]["domain_auc"].contains("chance"));
  const std::string html = DriftHtml(report);
  EXPECT_THAT(html, HasSubstr("one &lt;word&gt;"));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;.csv"));
  EXPECT_THAT(html, HasSubstr("2.0 % (1.0 to 4.0 %, 120 labels)"));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">Chance</th>"));
  EXPECT_THAT(DriftText(report), HasSubstr("value  limit  chance"));
  EXPECT_THAT(DriftText(report), HasSubstr("2.0 % (1.0 to 4.0 %, 120 labels)"));
  const std::string metrics = DriftMetrics(report);
  EXPECT_THAT(metrics, HasSubstr("# TYPE winnow_drift gauge"));
  EXPECT_THAT(metrics, HasSubstr("winnow_drift_errors{model=\"one <word>\""));
  EXPECT_THAT(metrics, HasSubstr("winnow_audited_fpr"));
}

}  // namespace
}  // namespace winnow
