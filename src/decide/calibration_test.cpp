// Literals come from SciPy 1.17.1 and scikit-learn 1.9.1 on the sample that SampleTexts() makes (lcg as in
// temperature_test.cpp):
//   z = (lcg(900, 21).reshape(300, 3) * 6 - 3).astype(np.float32); t = (lcg(300, 22) * 3).astype(int)
//   z[range(300), t] += 2; z[:, 1] *= 2; z[:, 2] += 1;  y = np.eye(3)[t]
//   temperature: as in temperature_test.cpp with e = 1 / 302; multi-label also with each column of z and y
//   vector: minimize(-log_softmax(z * s + b).sum() + .5 * ((s - 1 / T)**2).sum() + .5 * (b**2).sum()), BFGS and
//   Nelder-Mead in turn; multi-label with np.logaddexp(0, -(2 * y - 1) * (z * s + b)).sum()
//   isotonic: IsotonicRegression(out_of_bounds='clip').fit(np.round(z[:, 0], 1), y[:, 0])
#include "decide/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "decide/fit_calibration.h"
#include "decide/isotonic.h"
#include "decide/probabilities.h"
#include "support/lcg.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

struct Texts {
  std::vector<float> logits;
  std::vector<std::vector<int32_t>> truth;
  std::vector<std::string> labels = {"a", "b", "c"};
  bool multi_label = false;

  LabelledLogits view() const { return {logits, truth, labels, multi_label}; }
};

Texts SampleTexts(bool multi_label = false, size_t texts = 300) {
  Texts sample;
  sample.multi_label = multi_label;
  Lcg logits(21), truth(22);
  for (size_t t = 0; t < texts; ++t) {
    sample.truth.push_back({static_cast<int32_t>(truth.Next() * 3)});
    for (int k = 0; k < 3; ++k) {
      float z = static_cast<float>(logits.Next() * 6 - 3);
      if (k == sample.truth[t][0]) z += 2;
      sample.logits.push_back(k == 1 ? z * 2 : k == 2 ? z + 1 : z);
    }
  }
  return sample;
}

void ExpectNumbers(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

std::vector<float> Apply(const Calibration& calibration, std::vector<float> logits, size_t labels, bool multi_label) {
  std::vector<float> apart(logits.size());
  Calibrate(calibration, logits, labels, multi_label, apart);
  Calibrate(calibration, logits, labels, multi_label, logits);
  for (size_t i = 0; i < logits.size(); ++i) {
    EXPECT_EQ(std::isnan(logits[i]), std::isnan(apart[i]));
    EXPECT_TRUE(std::isnan(logits[i]) || logits[i] == apart[i]) << "the same memory gives the same numbers";
  }
  return apart;
}

TEST(FitCalibration, TemperatureEqualsSciPy) {
  const CalibrationFit one = FitCalibration(CalibrationMethod::kTemperature, SampleTexts().view()).value();
  EXPECT_NEAR(one.calibration.temperature, 2.4246188405122298, 1e-6);
  EXPECT_TRUE(one.calibration.temperatures.empty());
  EXPECT_TRUE(one.notes.empty());
  const CalibrationFit many = FitCalibration(CalibrationMethod::kTemperature, SampleTexts(true).view()).value();
  EXPECT_NEAR(many.calibration.temperature, 5.881891692190539, 1e-6);
  ExpectNumbers(many.calibration.temperatures, {4.068766105862344, 5.239383266643589, 12.424763575448745}, 1e-5);
}

TEST(FitCalibration, VectorScalingEqualsSciPy) {
  const CalibrationFit one = FitCalibration(CalibrationMethod::kVector, SampleTexts().view()).value();
  ExpectNumbers(one.calibration.scale, {0.5523684810164167, 0.39275877629229433, 0.573977810528434}, 1e-6);
  ExpectNumbers(one.calibration.bias, {0.30913206995859366, -0.08343190036465428, -0.22570016959393746}, 1e-6);
  const CalibrationFit many = FitCalibration(CalibrationMethod::kVector, SampleTexts(true).view()).value();
  ExpectNumbers(many.calibration.scale, {0.5179027158962202, 0.3682391392612124, 0.5242416948386063}, 1e-6);
  ExpectNumbers(many.calibration.bias, {-1.1913281274679641, -1.5596076375181902, -1.5690871005956022}, 1e-6);
}

TEST(FitCalibration, VectorScalingConvergesOnSeparableAndReversedLabels) {
  for (const float edge : {500.0F, 1e30F, -20.0F, -500.0F}) {
    for (const bool multi_label : {false, true}) {
      Texts texts = SampleTexts(multi_label);
      for (size_t t = 0; t < texts.truth.size(); ++t)
        texts.logits[3 * t + static_cast<size_t>(texts.truth[t][0])] += edge;
      const CalibrationFit fit = FitCalibration(CalibrationMethod::kVector, texts.view()).value();
      EXPECT_TRUE(CheckCalibrationFits(fit.calibration, 3, multi_label));
      for (const double scale : fit.calibration.scale) EXPECT_GE(scale, 0.05);
    }
  }
}

TEST(FitIsotonic, EqualsScikitLearn) {
  const Texts texts = SampleTexts();
  std::vector<double> scores;
  std::vector<uint8_t> outcomes;
  for (size_t t = 0; t < texts.truth.size(); ++t) {
    scores.push_back(std::nearbyint(static_cast<double>(texts.logits[3 * t]) * 10) / 10);
    outcomes.push_back(texts.truth[t][0] == 0 ? 1 : 0);
  }
  const CalibrationCurve curve = FitIsotonic(scores, outcomes);
  const double least = 1.0 / 302;  // instead of scikit-learn's 0 and 1
  std::vector<double> found;
  for (const double at : {-9., -2.3, -.55, 0., .31, 1.17, 2.2, 3.3, 4.4, 9.}) found.push_back(curve.At(at));
  ExpectNumbers(found,
                {least, least, 0.294478527607362, 0.294478527607362, 0.294478527607362, 0.294478527607362,
                 0.37037037037037035, 1 - least, 1 - least, 1 - least},
                1e-12);
  EXPECT_TRUE(std::isnan(curve.At(std::nan(""))));
}

TEST(CalibrationCurve, IsLinearBetweenItsPointsAndConstantOutside) {
  const CalibrationCurve curve{{-1, 1, 5}, {0.2, 0.6, 0.7}};
  const std::pair<double, double> values[] = {{-9, 0.2}, {-1, 0.2},  {-0.5, 0.3}, {0, 0.4},
                                              {1, 0.6},  {2, 0.625}, {5, 0.7},    {9, 0.7}};
  for (const auto& [x, y] : values) EXPECT_NEAR(curve.At(x), y, 1e-15) << x;
}

// A label's curve maps its log-odds, log(p / (1 - p)) of the probability without calibration, fitted and applied alike.
TEST(FitCalibration, IsotonicCurvesAreThoseOfTheLogOdds) {
  for (const size_t labels : {2u, 3u}) {
    Texts texts;
    texts.labels.resize(labels);
    Random random(6, "isotonic");
    for (size_t t = 0; t < 1500; ++t) {
      texts.truth.push_back({static_cast<int32_t>(random.Below(static_cast<uint32_t>(labels)))});
      for (size_t k = 0; k < labels; ++k) {
        const double height = static_cast<int32_t>(k) == texts.truth[t][0] ? 1 + static_cast<double>(k) : 0;
        texts.logits.push_back(static_cast<float>(2 * random.Normal() + height + 5));
      }
    }
    std::vector<CalibrationCurve> curves;
    std::vector<std::vector<double>> log_odds(labels);
    for (size_t k = 0; k < labels; ++k) {
      std::vector<uint8_t> outcomes;
      for (size_t t = 0; t < texts.truth.size(); ++t) {
        double rest = 0;
        for (size_t other = 0; other < labels; ++other) {
          if (other != k) rest += std::exp(static_cast<double>(texts.logits[t * labels + other]));
        }
        log_odds[k].push_back(static_cast<double>(texts.logits[t * labels + k]) - std::log(rest));
        outcomes.push_back(texts.truth[t][0] == static_cast<int32_t>(k) ? 1 : 0);
      }
      curves.push_back(FitIsotonic(log_odds[k], outcomes));
    }
    const Calibration calibration = FitCalibration(CalibrationMethod::kIsotonic, texts.view()).value().calibration;
    const std::vector<float> probabilities = Apply(calibration, texts.logits, labels, false);
    for (size_t t = 0; t < texts.truth.size(); ++t) {
      double sum = 0;
      for (size_t k = 0; k < labels; ++k) sum += curves[k].At(log_odds[k][t]);
      for (size_t k = 0; k < labels; ++k) {
        // With two labels, the second one's curve says all.
        const double second = curves[1].At(log_odds[1][t]);
        const double expected = labels == 2 ? (k == 1 ? second : 1 - second) : curves[k].At(log_odds[k][t]) / sum;
        ASSERT_NEAR(probabilities[t * labels + k], expected, 1e-6) << "text " << t << ", label " << k;
      }
    }
  }
}

TEST(FitCalibration, IsotonicCurvesOfSeveralLabelsAreThoseOfTheLogits) {
  Texts texts;
  texts.labels.resize(3);
  texts.multi_label = true;
  Random random(7, "isotonic");
  for (size_t t = 0; t < 1200; ++t) {
    std::vector<int32_t>& has = texts.truth.emplace_back();
    for (int32_t k = 0; k < 3; ++k) {
      if (random.Below(3) == 0) has.push_back(k);
      const double height = !has.empty() && has.back() == k ? 2 : -1;
      texts.logits.push_back(static_cast<float>(2 * random.Normal() + height + k));
    }
  }
  const Calibration calibration = FitCalibration(CalibrationMethod::kIsotonic, texts.view()).value().calibration;
  const std::vector<float> probabilities = Apply(calibration, texts.logits, 3, true);
  for (size_t k = 0; k < 3; ++k) {
    std::vector<double> scores;
    std::vector<uint8_t> outcomes;
    for (size_t t = 0; t < texts.truth.size(); ++t) {
      scores.push_back(static_cast<double>(texts.logits[t * 3 + k]));
      outcomes.push_back(std::ranges::count(texts.truth[t], static_cast<int32_t>(k)) > 0 ? 1 : 0);
    }
    const CalibrationCurve curve = FitIsotonic(scores, outcomes);
    for (size_t t = 0; t < texts.truth.size(); ++t)
      ASSERT_NEAR(probabilities[t * 3 + k], curve.At(scores[t]), 1e-6) << "text " << t << ", label " << k;
  }
}

TEST(FitCalibration, IsotonicGivesProbabilitiesThatAddUp) {
  for (const size_t labels : {2u, 3u}) {
    Texts texts;
    texts.labels.resize(labels);
    Random random(5, "isotonic");
    for (size_t t = 0; t < 2000; ++t) {
      texts.truth.push_back({static_cast<int32_t>(random.Below(static_cast<uint32_t>(labels)))});
      for (size_t k = 0; k < labels; ++k) {
        texts.logits.push_back(
            static_cast<float>(3 * random.Normal() + (static_cast<int32_t>(k) == texts.truth[t][0] ? 2 : 0)));
      }
    }
    const Calibration calibration = FitCalibration(CalibrationMethod::kIsotonic, texts.view()).value().calibration;
    ASSERT_TRUE(CheckCalibrationFits(calibration, labels, false));
    EXPECT_EQ(calibration.curves.size(), labels == 2 ? 1u : 3u);
    const std::vector<float> probabilities = Apply(calibration, texts.logits, labels, false);
    double before = 0, after = 0;
    std::vector<float> raw(texts.logits.size());
    Softmax(texts.logits, static_cast<int>(labels), 1, raw);
    for (size_t t = 0; t < texts.truth.size(); ++t) {
      double sum = 0;
      for (size_t k = 0; k < labels; ++k) sum += static_cast<double>(probabilities[t * labels + k]);
      EXPECT_NEAR(sum, 1, 1e-6);
      const size_t truth = t * labels + static_cast<size_t>(texts.truth[t][0]);
      before -= std::log(static_cast<double>(raw[truth]));
      after -= std::log(static_cast<double>(probabilities[truth]));
    }
    EXPECT_LT(after, 0.8 * before);
  }
}

TEST(FitCalibration, SaysWhatIsTooLittle) {
  const CalibrationFit few = FitCalibration(CalibrationMethod::kTemperature, SampleTexts(false, 19).view()).value();
  EXPECT_EQ(few.calibration.temperature, 1);
  ASSERT_EQ(few.notes.size(), 1u);
  EXPECT_THAT(few.notes[0], HasSubstr("only 19 held-out texts"));
  EXPECT_THAT(FitCalibration(CalibrationMethod::kVector, SampleTexts(false, 20).view()).error().message,
              HasSubstr("requires at least 10 texts with each label, but there are fewer for 'a'"));
  EXPECT_THAT(FitCalibration(CalibrationMethod::kIsotonic, SampleTexts().view()).error().message,
              HasSubstr("there are 300 texts for fitting, and at least 1000 are required"));
  Texts rare = SampleTexts(true);
  for (auto& truth : rare.truth) {
    if (truth[0] == 2) truth.clear();
  }
  const CalibrationFit shared = FitCalibration(CalibrationMethod::kTemperature, rare.view()).value();
  ASSERT_EQ(shared.calibration.temperatures.size(), 3u);
  EXPECT_EQ(shared.calibration.temperatures[2], 1);
  EXPECT_NE(shared.calibration.temperatures[0], shared.calibration.temperature);
  ASSERT_FALSE(shared.notes.empty());
  EXPECT_THAT(shared.notes.back(), HasSubstr("the labels 'c' have the temperature 1"));
  EXPECT_THAT(FitCalibration(CalibrationMethod::kVector, rare.view()).error().message,
              HasSubstr("with and without each label, but there are fewer for 'c'"));
}

TEST(FitCalibration, ARareLabelKeepsItsProbabilities) {
  // Label 0 is frequent and nearly separable, so that its temperature is far below 1; label 1 has 5 of 10,000 texts,
  // with probabilities of about 0.0005.
  Random random(1, "rare label");
  Texts texts{.logits = {}, .truth = {}, .labels = {"common", "rare"}, .multi_label = true};
  for (int t = 0; t < 10000; ++t) {
    const bool common = t % 2 == 0, rare = t % 2000 == 1;
    texts.truth.emplace_back();
    if (common) texts.truth.back().push_back(0);
    if (rare) texts.truth.back().push_back(1);
    texts.logits.push_back(static_cast<float>((common ? 1 : -1) + 0.4 * random.Normal()));
    texts.logits.push_back(static_cast<float>(-7.6 + 0.2 * random.Normal()));
  }
  const Calibration calibration = FitCalibration(CalibrationMethod::kTemperature, texts.view()).value().calibration;
  ASSERT_EQ(calibration.temperatures.size(), 2u);
  EXPECT_LT(calibration.temperatures[0], 0.5);
  const std::vector<float> raw = Apply({}, texts.logits, 2, true), fitted = Apply(calibration, texts.logits, 2, true);
  for (size_t t = 0; t < texts.truth.size(); ++t) ASSERT_EQ(fitted[2 * t + 1], raw[2 * t + 1]);
}

TEST(FitCalibration, RefusesWhatDoesNotFit) {
  Texts texts = SampleTexts();
  texts.truth[7] = {0, 1};
  EXPECT_EQ(FitCalibration(CalibrationMethod::kTemperature, texts.view()).error().code, ErrorCode::kInvalidArgument);
  texts.truth[7] = {3};
  EXPECT_FALSE(FitCalibration(CalibrationMethod::kTemperature, texts.view()));
  texts.truth[7] = {0};
  texts.logits[5] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(FitCalibration(CalibrationMethod::kIsotonic, texts.view()));
  texts.logits.pop_back();
  EXPECT_FALSE(FitCalibration(CalibrationMethod::kVector, texts.view()));
}

TEST(Calibrate, IsSoftmaxAndSigmoidAtATemperature) {
  const Texts texts = SampleTexts();
  std::vector<float> expected(texts.logits.size());
  Softmax(texts.logits, 3, 1.7, expected);
  EXPECT_EQ(Apply({.temperature = 1.7}, texts.logits, 3, false), expected);
  Sigmoid(texts.logits, 1.7, expected);
  EXPECT_EQ(Apply({.temperature = 1.7}, texts.logits, 3, true), expected);
  EXPECT_EQ(Apply({.temperature = 9, .temperatures = {1.7, 1.7, 1.7}}, texts.logits, 3, true), expected);
  const Calibration vector{.method = CalibrationMethod::kVector, .scale = {1, 2, 0.5}, .bias = {0, -1, 0.25}};
  const std::vector<float> row = Apply(vector, {1, 2, 3}, 3, false);
  const double sum = std::exp(1.0) + std::exp(3.0) + std::exp(1.75);
  EXPECT_NEAR(row[1], std::exp(3.0) / sum, 1e-6);
  EXPECT_NEAR(Apply(vector, {1, 2, 3}, 3, true)[1], 1 / (1 + std::exp(-3.0)), 1e-6);
}

TEST(Calibrate, TakesLimitsOfInfiniteLogitsAndKeepsNaN) {
  const float inf = std::numeric_limits<float>::infinity();
  const CalibrationCurve curve{{-1, 1}, {0.25, 0.75}};
  const Calibration isotonic{.method = CalibrationMethod::kIsotonic, .curves = {curve, curve, curve}};
  const Calibration vector{.method = CalibrationMethod::kVector, .scale = {1, 1, 1}, .bias = {0, 0, 0}};
  for (const Calibration& calibration : {isotonic, vector, Calibration{}}) {
    EXPECT_THAT(Apply(calibration, {inf, 0, -inf}, 3, false), testing::ElementsAre(1, 0, 0));
    EXPECT_THAT(Apply(calibration, {0, inf, inf}, 3, false), testing::ElementsAre(0, 0.5F, 0.5F));
    EXPECT_TRUE(std::isnan(Apply(calibration, {NAN, 0, 1}, 3, false)[1]));
    EXPECT_TRUE(std::isnan(Apply(calibration, {NAN, 0, 1}, 3, true)[0]));
    EXPECT_FALSE(std::isnan(Apply(calibration, {NAN, 0, 1}, 3, true)[1]));
    for (const float p : Apply(calibration, {0, -inf, -inf}, 3, false)) EXPECT_TRUE(p >= 0 && p <= 1);
  }
  const Calibration flat{.method = CalibrationMethod::kIsotonic, .curves = {{{0}, {0}}, {{0}, {0}}, {{0}, {0}}}};
  EXPECT_FLOAT_EQ(Apply(flat, {1, 2, 3}, 3, false)[0], 1 / 3.0F) << "nothing at all is shared evenly";
}

TEST(CheckCalibration, NamesWhatMakesNoSense) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto curve = [](std::vector<double> x, std::vector<double> y) {
    return Calibration{.method = CalibrationMethod::kIsotonic, .curves = {{std::move(x), std::move(y)}}};
  };
  using enum CalibrationMethod;
  for (const Calibration& bad : {Calibration{.temperature = 0},
                                 Calibration{.temperature = nan},
                                 Calibration{.temperatures = {1, -1}},
                                 Calibration{.temperatures = {inf}},
                                 Calibration{.method = kVector},
                                 Calibration{.method = kVector, .scale = {1}, .bias = {}},
                                 Calibration{.method = kVector, .scale = {0}, .bias = {0}},
                                 Calibration{.method = kVector, .scale = {1}, .bias = {nan}},
                                 Calibration{.scale = {1}, .bias = {1}},
                                 Calibration{.method = kVector, .temperatures = {1}, .scale = {1}, .bias = {1}},
                                 Calibration{.method = kIsotonic},
                                 curve({}, {}),
                                 curve({0, 1}, {0}),
                                 curve({0, 0}, {0, 1}),
                                 curve({1, 0}, {0, 1}),
                                 curve({0, 1}, {1, 0}),
                                 curve({0, 1}, {0, 1.5}),
                                 curve({0, nan}, {0, 1}),
                                 curve({0, 1}, {nan, 1}),
                                 curve({0, inf}, {0, 1})}) {
    const auto checked = CheckCalibration(bad);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(checked.error().message, HasSubstr("calibration: "));
  }
}

TEST(CheckCalibration, LengthsAreThoseOfTheLabels) {
  const CalibrationCurve curve{{0, 1}, {0, 1}};
  const Calibration own{.temperatures = {1, 2}};
  EXPECT_TRUE(CheckCalibrationFits(own, 2, true));
  EXPECT_FALSE(CheckCalibrationFits(own, 3, true));
  EXPECT_FALSE(CheckCalibrationFits(own, 2, false));
  const Calibration vector{.method = CalibrationMethod::kVector, .scale = {1, 2}, .bias = {0, 0}};
  EXPECT_TRUE(CheckCalibrationFits(vector, 2, false));
  EXPECT_FALSE(CheckCalibrationFits(vector, 1, false));
  const Calibration isotonic{.method = CalibrationMethod::kIsotonic, .curves = {curve}};
  EXPECT_TRUE(CheckCalibrationFits(isotonic, 2, false));
  EXPECT_FALSE(CheckCalibrationFits(isotonic, 2, true));
  EXPECT_FALSE(CheckCalibrationFits(isotonic, 3, false));
}

TEST(KeepsOrder, WhereAThresholdDecidesAlike) {
  using enum CalibrationMethod;
  for (const auto method : {kTemperature, kVector, kIsotonic}) EXPECT_TRUE(KeepsOrder(method, 3, true, true));
  EXPECT_TRUE(KeepsOrder(kTemperature, 2, false, true));
  EXPECT_TRUE(KeepsOrder(kIsotonic, 2, false, false));
  EXPECT_FALSE(KeepsOrder(kVector, 2, false, false));
  EXPECT_TRUE(KeepsOrder(kTemperature, 3, false, false));
  EXPECT_FALSE(KeepsOrder(kTemperature, 3, false, true));
  EXPECT_FALSE(KeepsOrder(kIsotonic, 3, false, false));
}

}  // namespace
}  // namespace winnow
