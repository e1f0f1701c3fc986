#include "decide/temperature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/lcg.h"

namespace winnow {
namespace {

struct Sample {
  std::vector<float> logits;
  std::vector<int32_t> truth;
  std::vector<std::vector<int32_t>> sets;
};

Sample Random(size_t texts, int classes, double spread, float edge, uint64_t seed) {
  Sample sample;
  Lcg logits(seed), truth(seed + 1);
  for (size_t n = 0; n < texts; ++n) {
    for (int k = 0; k < classes; ++k) sample.logits.push_back(static_cast<float>(logits.Next() * spread - spread / 2));
    logits.Next();
    sample.truth.push_back(static_cast<int32_t>(truth.Next() * (classes - 1)));
    sample.logits[n * static_cast<size_t>(classes) + static_cast<size_t>(sample.truth[n])] += edge;
    sample.sets.push_back({sample.truth[n]});
  }
  return sample;
}

/// The mean cross-entropy of softmax(logits / T) and the smoothed targets, written plainly; without smoothing the mean
/// loss.
double MeanLoss(const Sample& sample, int classes, double temperature, double smoothing) {
  const auto width = static_cast<size_t>(classes);
  long double total = 0;
  for (size_t n = 0; n < sample.truth.size(); ++n) {
    const float* row = &sample.logits[n * width];
    const float largest = *std::max_element(row, row + width);
    long double sum = 0;
    for (size_t k = 0; k < width; ++k) sum += std::exp((static_cast<double>(row[k]) - largest) / temperature);
    for (size_t k = 0; k < width; ++k) {
      const double target = static_cast<int32_t>(k) == sample.truth[n] ? 1 - smoothing : smoothing / (classes - 1);
      total += target * (std::log(sum) - (static_cast<double>(row[k]) - largest) / temperature);
    }
  }
  return static_cast<double>(total) / static_cast<double>(sample.truth.size());
}

// SciPy 1.17.1, numpy 2.4.6; u = lcg(200*5, seed=1).reshape(200, 5); t = (lcg(200, seed=2) * 3).astype(int)
//   z = (u[:, :4] * 8 - 4).astype(np.float32); z[i, t[i]] += np.float32(2) for each i
//   e = 1 / 202; q = np.full((200, 4), e / 3); q[np.arange(200), t] = 1 - e
//   f = lambda lt: -(q * log_softmax(z / np.exp(lt), axis=1)).sum(1).mean()
//   minimize_scalar(f, bounds=(np.log(.05), np.log(20)), method='bounded', options=dict(xatol=1e-12))
TEST(FitTemperature, EqualsSciPy) {
  const Sample sample = Random(200, 4, 8, 2, 1);
  const auto fit = FitTemperature(sample.logits, 4, sample.truth);
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->temperature, 2.744885346980703, 1e-6);
  EXPECT_NEAR(fit->nll_before, 1.488807988357525, 1e-12);
  EXPECT_NEAR(fit->nll_after, 1.120921892756118, 1e-9);
  EXPECT_EQ(fit->count, 200);
  EXPECT_TRUE(fit->reliable);
  EXPECT_EQ(fit->note, "");
  EXPECT_LE(fit->iterations, 20);
}

// The same with s = 2 * one_hot(t) - 1;
//   g = lambda lt: ((1 - e) * np.logaddexp(0, -s * z / np.exp(lt)) + e * np.logaddexp(0, s * z / np.exp(lt))).mean()
TEST(FitTemperatureMultiLabel, EqualsSciPy) {
  const Sample sample = Random(200, 4, 8, 2, 1);
  const auto fit = FitTemperatureMultiLabel(sample.logits, 4, sample.sets);
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->temperature, 6.388173221007002, 1e-6);
  EXPECT_NEAR(fit->nll_before, 1.0199883027650787, 1e-12);
  EXPECT_NEAR(fit->nll_after, 0.6735464659709578, 1e-9);
  EXPECT_TRUE(fit->reliable);
}

TEST(FitTemperature, IsNoWorseThanAnyPointOfAGrid) {
  for (const double spread : {0.05, 0.5, 3.0, 20.0, 100.0}) {
    for (const float edge : {-1.0F, 0.0F, 0.3F, 2.0F, 8.0F}) {
      for (const int classes : {2, 3, 30}) {
        const Sample sample = Random(60, classes, spread, edge, 9);
        const auto fit = FitTemperature(sample.logits, classes, sample.truth);
        ASSERT_TRUE(fit);
        ASSERT_GE(fit->temperature, kMinTemperature);
        ASSERT_LE(fit->temperature, kMaxTemperature);
        const double nll = MeanLoss(sample, classes, fit->temperature, 0);
        EXPECT_NEAR(fit->nll_after, nll, 1e-9 * (1 + nll));
        const double loss = MeanLoss(sample, classes, fit->temperature, 1 / 62.0);
        for (int i = 0; i <= 300; ++i) {
          const double at = kMinTemperature * std::pow(kMaxTemperature / kMinTemperature, i / 300.0);
          EXPECT_LE(loss, MeanLoss(sample, classes, at, 1 / 62.0) * (1 + 1e-12))
              << "T " << fit->temperature << " against " << at << ", spread " << spread << ", edge " << edge;
        }
      }
    }
  }
}

// Logits (0, a) and right q of the time: the likelihood is greatest where sigmoid(a / T) = q, which smoothing moves
// towards 1 / 2.
TEST(FitTemperature, MeetsTheClosedFormOfEqualMargins) {
  for (const double margin : {1.0 / 128, 0.5, 2.0, 10.0}) {
    for (const int right : {60, 75, 90, 99, 100}) {
      std::vector<float> logits, single;
      std::vector<int32_t> truth;
      std::vector<std::vector<int32_t>> sets;
      for (int n = 0; n < 100; ++n) {
        const bool flipped = n % 2 == 1;  // both classes occur
        logits.insert(logits.end(),
                      {flipped ? static_cast<float>(margin) : 0.0F, flipped ? 0.0F : static_cast<float>(margin)});
        truth.push_back((n < right) == flipped ? 0 : 1);
        single.push_back(flipped ? -static_cast<float>(margin) : static_cast<float>(margin));
        sets.push_back(truth.back() == 1 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
      }
      const double target = (right * (1 - 1 / 102.0) + (100 - right) / 102.0) / 100;
      const double expected = margin / std::log(target / (1 - target));
      EXPECT_NEAR(FitTemperature(logits, 2, truth)->temperature, std::min(expected, kMaxTemperature), 1e-8 * expected);
      EXPECT_NEAR(FitTemperatureMultiLabel(single, 1, sets)->temperature, std::min(expected, kMaxTemperature),
                  1e-8 * expected);
    }
  }
}

// The likelihood alone has the temperature .02 for one mistake by a hair, and 0 for none, and is then certain of each
// mistake that comes later.
TEST(FitTemperature, NearlyNoMistakeMakesNoModelCertain) {
  for (const float hair : {-0.01F, 0.01F}) {
    std::vector<float> logits;
    std::vector<int32_t> truth;
    for (int n = 0; n < 60; ++n) {
      const float margin = n == 0 ? hair : 1;
      truth.push_back(n % 2);
      logits.insert(logits.end(), {truth.back() == 0 ? margin : 0, truth.back() == 0 ? 0 : margin});
    }
    const auto fit = FitTemperature(logits, 2, truth);
    ASSERT_TRUE(fit);
    EXPECT_TRUE(fit->reliable);
    EXPECT_GT(fit->temperature, .2);
    EXPECT_LT(fit->temperature, .3);
    EXPECT_LT(fit->nll_after, fit->nll_before);
  }
}

TEST(FitTemperature, SaysWhenLogitsAreTooSmall) {
  Sample sample = Random(100, 3, 0, 1e-7F, 3);
  const auto fit = FitTemperature(sample.logits, 3, sample.truth);
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->temperature, kMinTemperature);
  EXPECT_FALSE(fit->reliable);
  EXPECT_EQ(fit->Usable(), 1.0);
  EXPECT_THAT(fit->note, testing::HasSubstr("too small for any temperature"));
}

TEST(FitTemperature, SaysWhenLogitsAreWorseThanChance) {
  Sample sample = Random(100, 3, 1, -50, 3);
  const auto fit = FitTemperature(sample.logits, 3, sample.truth);
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->temperature, kMaxTemperature);
  EXPECT_FALSE(fit->reliable);
  EXPECT_THAT(fit->note, testing::HasSubstr("no better than guessing"));
}

TEST(FitTemperature, SaysWhenAllTruthIsOneClass) {
  Sample sample = Random(100, 2, 4, 0, 3);  // truth is always label 0 here
  const auto fit = FitTemperature(sample.logits, 2, sample.truth);
  ASSERT_TRUE(fit);
  EXPECT_FALSE(fit->reliable);
  EXPECT_EQ(fit->Usable(), 1.0);
  EXPECT_GE(fit->nll_before, fit->nll_after);
}

TEST(FitTemperature, SaysWhenThereIsTooLittle) {
  const Sample few = Random(19, 4, 8, 1, 5);
  const auto fit = FitTemperature(few.logits, 4, few.truth);
  ASSERT_TRUE(fit);
  EXPECT_FALSE(fit->reliable);
  EXPECT_THAT(fit->note, testing::HasSubstr("only 19 held-out texts"));
  EXPECT_NE(fit->temperature, 1.0);

  const auto none = FitTemperature({}, 4, {});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->temperature, 1.0);
  EXPECT_EQ(none->count, 0);
  EXPECT_THAT(none->note, testing::HasSubstr("no held-out texts"));
}

TEST(FitTemperature, StaysAtOneWhereLogitsAreEqual) {
  const std::vector<float> logits(200, 3.5F);
  std::vector<int32_t> truth(100, 0);
  truth[7] = 1;
  const auto fit = FitTemperature(logits, 2, truth);
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->temperature, 1.0);
  EXPECT_FALSE(fit->reliable);
  EXPECT_NEAR(fit->nll_after, std::log(2.0), 1e-12);
  EXPECT_EQ(FitTemperature(std::vector<float>{1, 2}, 1, std::vector<int32_t>{0, 0})->temperature, 1.0);
}

TEST(FitTemperature, ConvergesOnHugeLogits) {
  const float huge = std::numeric_limits<float>::max();
  std::vector<float> logits;
  std::vector<int32_t> truth;
  for (int n = 0; n < 60; ++n) {
    logits.insert(logits.end(), {n % 2 == 0 ? huge : -huge, n % 2 == 0 ? -huge : huge});
    truth.push_back(n % 3 == 0 ? 0 : 1);
  }
  const auto fit = FitTemperature(logits, 2, truth);
  ASSERT_TRUE(fit);
  EXPECT_TRUE(std::isfinite(fit->temperature));
  EXPECT_TRUE(std::isfinite(fit->nll_after));
}

TEST(FitTemperature, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(FitTemperature(std::vector<float>{1, 2, 3}, 2, std::vector<int32_t>{0}));
  EXPECT_FALSE(FitTemperature(std::vector<float>{1, 2}, 0, std::vector<int32_t>{0}));
  EXPECT_FALSE(FitTemperature(std::vector<float>{1, 2}, -2, std::vector<int32_t>{0}));
  EXPECT_FALSE(FitTemperature(std::vector<float>{1, NAN}, 2, std::vector<int32_t>{0}));
  EXPECT_FALSE(FitTemperature(std::vector<float>{1, 2}, 2, std::vector<int32_t>{2}));
  EXPECT_FALSE(FitTemperatureMultiLabel(std::vector<float>{1, 2}, 2, std::vector<std::vector<int32_t>>{{-1}}));
  const auto wrong = FitTemperature(std::vector<float>{1, 2}, 2, std::vector<int32_t>{5});
  EXPECT_THAT(wrong.error().message, testing::HasSubstr("label id 5, expected 0 to 1"));
}

}  // namespace
}  // namespace winnow
