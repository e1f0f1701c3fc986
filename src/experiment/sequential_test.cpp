#include "experiment/sequential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace winnow {
namespace {

TEST(SequentialTest, FollowsTheFormula) {
  SequentialTest test(TestDirection::kTooManyOnes);
  test.Add(true, 0.5);  // q = (10 * 0.5 + 0) / 10 = 0.5: E stays 1
  EXPECT_DOUBLE_EQ(test.log_evidence(), 0);
  test.Add(true, 0.5);  // q = (5 + 1) / 11
  EXPECT_NEAR(std::exp(test.log_evidence()), 6.0 / 11 / 0.5, 1e-12);
  test.Add(false, 0.25);  // q = (2.5 + 2) / 12
  EXPECT_NEAR(std::exp(test.log_evidence()), 6.0 / 11 / 0.5 * (1 - 4.5 / 12) / 0.75, 1e-12);
  EXPECT_EQ(test.ones(), 2);
  EXPECT_EQ(test.count(), 3);
}

TEST(SequentialTest, DoesNotBetWhileTheDataAgreeWithTheHypothesis) {
  SequentialTest test(TestDirection::kTooManyOnes);
  for (int i = 0; i < 1000; ++i) test.Add(false, 0.5);
  EXPECT_EQ(test.log_evidence(), 0);
}

TEST(SequentialTest, IsTheMirrorImageInTheOtherDirection) {
  SequentialTest many(TestDirection::kTooManyOnes), few(TestDirection::kTooFewOnes);
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const bool x = random.Uniform() < 0.7;
    many.Add(x, 0.4);
    few.Add(!x, 0.6);
  }
  EXPECT_NEAR(many.log_evidence(), few.log_evidence(), 1e-9);
  EXPECT_GT(many.log_evidence(), 10);
}

// The factor of the supermartingale has the mean 1 at pi, and less at the hypothesis's other probabilities.
TEST(SequentialTest, NeverGainsOnAverageUnderTheHypothesis) {
  for (const TestDirection direction : {TestDirection::kTooManyOnes, TestDirection::kTooFewOnes}) {
    SequentialTest test(direction);
    Random random(2);
    for (int i = 0; i < 200; ++i) {
      const double pi = 0.1 + 0.8 * random.Uniform();
      SequentialTest one = test, zero = test;
      one.Add(true, pi);
      zero.Add(false, pi);
      const double up = std::exp(one.log_evidence() - test.log_evidence());
      const double down = std::exp(zero.log_evidence() - test.log_evidence());
      EXPECT_NEAR(pi * up + (1 - pi) * down, 1, 1e-12);
      const double other = direction == TestDirection::kTooManyOnes ? pi / 2 : (1 + pi) / 2;
      EXPECT_LE(other * up + (1 - other) * down, 1 + 1e-12);
      test.Add(random.Uniform() < 0.5, pi);
    }
  }
}

TEST(SequentialTest, SurvivesAMillionObservationsWithoutOverflow) {
  SequentialTest ones(TestDirection::kTooManyOnes), zeros(TestDirection::kTooManyOnes);
  for (int i = 0; i < 1000000; ++i) {
    ones.Add(true, 0.5);
    zeros.Add(false, 1e-6);
  }
  EXPECT_NEAR(ones.log_evidence(), 1e6 * std::log(2.0), 100);  // E is about 2 to the power of a million
  EXPECT_TRUE(ones.Rejects(1e-300));
  EXPECT_EQ(zeros.log_evidence(), 0);
  EXPECT_EQ(ones.Progress(0.05), 1);
}

TEST(SequentialTest, DecidesExactlyAtTheThreshold) {
  const SequentialTest below =
      SequentialTest::Restore(TestDirection::kTooManyOnes, 10, std::log(20.0) - 1e-9, 5, 9).value();
  const SequentialTest at = SequentialTest::Restore(TestDirection::kTooManyOnes, 10, std::log(20.0), 5, 9).value();
  EXPECT_FALSE(below.Rejects(0.05));
  EXPECT_TRUE(at.Rejects(0.05));
  EXPECT_NEAR(below.Progress(0.05), 1, 1e-6);
}

TEST(SequentialTest, ContinuesFromAKeptState) {
  SequentialTest whole(TestDirection::kTooManyOnes), first(TestDirection::kTooManyOnes);
  Random random(3);
  for (int i = 0; i < 100; ++i) {
    if (i == 50)
      first =
          SequentialTest::Restore(TestDirection::kTooManyOnes, 10, first.log_evidence(), first.ones(), first.count())
              .value();
    const bool x = random.Uniform() < 0.6;
    whole.Add(x, 0.5);
    first.Add(x, 0.5);
  }
  EXPECT_EQ(whole, first);
}

TEST(SequentialTest, RefusesStatesThatNoTestHas) {
  const auto restore = [](double log_evidence, double ones, int64_t count) {
    return SequentialTest::Restore(TestDirection::kTooManyOnes, 10, log_evidence, ones, count).has_value();
  };
  EXPECT_TRUE(restore(0, 0, 0));
  EXPECT_FALSE(restore(std::numeric_limits<double>::quiet_NaN(), 0, 0));
  EXPECT_FALSE(restore(0, 3, 2));
  EXPECT_FALSE(restore(0, -1, 2));
  EXPECT_FALSE(restore(0, 0.5, 2));
  EXPECT_FALSE(restore(0, 0, -1));
}

TEST(SequentialTest, KnowsTheProbabilityAtTheMargin) {
  EXPECT_DOUBLE_EQ(ProbabilityAtMargin(1, 0.1), 0.1);
  EXPECT_DOUBLE_EQ(ProbabilityAtMargin(2, 0.5), 2.0 / 3);
  EXPECT_DOUBLE_EQ(ProbabilityAtMargin(1.25, 0.1), 0.125 / (0.125 + 0.9));
}

}  // namespace
}  // namespace winnow
