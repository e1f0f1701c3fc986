#include "kernels/dual_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kernels/reference/dual_step.h"
#include "support/numbers.h"

namespace winnow {
namespace {

size_t Padded(size_t n) { return (n + 15) / 16 * 16; }

/// Probabilities, and zeros up to a multiple of 16.
std::vector<float> RandomDuals(size_t count, uint64_t seed) {
  std::vector<float> duals = RandomFloats(count, seed, 2.0);
  float sum = 0;
  for (float& dual : duals) sum += dual = std::exp(dual);
  for (float& dual : duals) dual /= sum;
  duals.resize(Padded(count));
  return duals;
}

constexpr float kCosts[] = {0.01f, 1.0f, 30.0f};

TEST(SoftmaxDualStep, EqualsTheReferenceForEverySize) {
  for (const size_t count : SweepSizes()) {
    if (count < 2) continue;
    for (const float cost : kCosts) {
      for (const float parts : {1.0f, 2.0f}) {
        const DualRow row{cost, 1.5f, parts};
        const size_t width = Padded(count);
        const auto scores = RandomFloats(width, count), duals = RandomDuals(count, count + 1);
        GuardedFloats next(width), change(width), scratch(2 * width);
        std::vector<float> expected_next(width), expected_change(width);
        const DualProgress progress = SoftmaxDualStep(count, width, count / 2, row, scores.data(), duals.data(),
                                                      next.data(), change.data(), scratch.data());
        const DualProgress expected = reference::SoftmaxDualStep(
            count, width, count / 2, row, scores.data(), duals.data(), expected_next.data(), expected_change.data());
        EXPECT_NEAR(progress.loss, expected.loss, 1e-5 * std::max(1.0, expected.loss));
        EXPECT_NEAR(progress.won, expected.won, 1e-4 * std::max(0.1, expected.won));
        for (size_t k = 0; k < width; ++k) {
          // Newton's last step is left out where its change is quadratic in 1/4.
          ASSERT_NEAR(next[k], expected_next[k], 0.01f) << count << " " << cost << " " << k;
          ASSERT_NEAR(change[k], parts * cost * (duals[k] - next[k]), 1e-5f * cost);
          ASSERT_TRUE(k < count || next[k] == 0.0f);
        }
        EXPECT_TRUE(next.intact() && change.intact() && scratch.intact());
      }
    }
  }
}

TEST(SoftmaxDualStep, StaysWhereDualsAreTheScoresProbabilities) {
  for (const size_t count : {2, 3, 150}) {
    const size_t width = Padded(count);
    const auto duals = RandomDuals(count, 3);
    std::vector<float> scores(width, 1e3f), next(width), change(width),
        scratch(2 * width);  // what is past the end is not read
    for (size_t k = 0; k < count; ++k) scores[k] = std::log(duals[k]) + 5.0f;
    const DualProgress progress = SoftmaxDualStep(count, width, 0, {100.0f, 1.0f}, scores.data(), duals.data(),
                                                  next.data(), change.data(), scratch.data());
    EXPECT_NEAR(progress.won, 0.0, 1e-8);
    for (size_t k = 0; k < width; ++k) EXPECT_NEAR(next[k], duals[k], 1e-6f);
  }
}

TEST(SoftmaxDualStep, EndsWithProbabilitiesFromFarAway) {
  for (const float cost : {1e-4f, 1.0f, 100.0f, 1e4f}) {
    const size_t count = 20, width = 32;
    std::vector<float> duals(width), next(width), change(width), scratch(2 * width);
    const auto scores = RandomFloats(width, 9, 100.0);
    duals[4] = 1;
    SoftmaxDualStep(count, width, 4, {cost, 1.0f}, scores.data(), duals.data(), next.data(), change.data(),
                    scratch.data());
    EXPECT_NEAR(std::accumulate(next.begin(), next.end(), 0.0f), 1.0f, 0.05f) << cost;
    for (const float dual : next) EXPECT_TRUE(dual >= 0.0f && dual < 1.05f) << cost << " " << dual;
  }
}

struct Lanes {
  explicit Lanes(size_t width) : change(width), won(width), loss(width) {}
  std::vector<float> change, won, loss;
};

TEST(LogisticAndHingeDualStep, EqualTheirReferencesForEveryWidth) {
  for (size_t width = 16; width <= 96; width += 16) {
    for (const float cost : kCosts) {
      for (const bool hinge : {false, true}) {
        const DualRow row{cost, 1.5f, 2.0f};
        const auto scores = RandomFloats(width, width, 2.0);
        std::vector<float> signs(width);
        for (size_t k = 0; k < width; ++k) signs[k] = static_cast<float>(k % 3) - 1.0f;  // -1, 0, 1
        const auto before = RandomDuals(width, 4);
        GuardedFloats duals(before);
        std::vector<float> expected_duals = before;
        Lanes lanes(width), expected(width);
        const bool any =
            (hinge ? HingeDualStep : LogisticDualStep)(width, row, signs.data(), scores.data(), duals.data(),
                                                       lanes.change.data(), lanes.won.data(), lanes.loss.data());
        EXPECT_TRUE(any);
        (hinge ? reference::HingeDualStep : reference::LogisticDualStep)(width, row, signs.data(), scores.data(),
                                                                         expected_duals.data(), expected.change.data(),
                                                                         expected.won.data(), expected.loss.data());
        for (size_t k = 0; k < width; ++k) {
          if (signs[k] == 0.0f) {
            ASSERT_TRUE(lanes.change[k] == 0.0f && lanes.won[k] == 0.0f && lanes.loss[k] == 0.0f);
            continue;
          }
          ASSERT_NEAR(lanes.loss[k], expected.loss[k], 1e-4f * std::max(1.0f, expected.loss[k]));
          ASSERT_NEAR(lanes.won[k], expected.won[k], 1e-4f * std::max(1.0f, expected.won[k]));
          ASSERT_NEAR(duals[k], expected_duals[k], 0.01f * std::max(1.0f, expected_duals[k])) << cost << " " << hinge;
          ASSERT_NEAR(lanes.change[k], 2 * cost * signs[k] * (duals[k] - before[k]), 1e-4f * cost);
          const SingleDualStep single =
              (hinge ? HingeDualStepOfOne : LogisticDualStepOfOne)(row, signs[k], scores[k], before[k]);
          // Among lanes the one that is furthest decides how many steps all take.
          ASSERT_NEAR(single.dual, expected_duals[k], 0.01f * std::max(1.0f, expected_duals[k]));
          ASSERT_NEAR(single.won, lanes.won[k], 1e-4f * std::max(1.0f, lanes.won[k]));
          ASSERT_NEAR(single.loss, lanes.loss[k], 1e-4f * std::max(1.0f, lanes.loss[k]));
        }
        EXPECT_TRUE(duals.intact());
      }
    }
  }
}

TEST(HingeDualStep, SaysWhereNothingMoves) {
  const std::vector<float> signs(16, 1.0f), scores(16, 1.5f);  // beyond the margin
  std::vector<float> duals(16);
  Lanes lanes(16);
  EXPECT_FALSE(HingeDualStep(16, {1.0f, 1.0f}, signs.data(), scores.data(), duals.data(), lanes.change.data(),
                             lanes.won.data(), lanes.loss.data()));
  EXPECT_EQ(HingeDualStepOfOne({1.0f, 1.0f}, 1.0f, 1.5f, 0.0f).change, 0.0f);
}

}  // namespace
}  // namespace winnow
