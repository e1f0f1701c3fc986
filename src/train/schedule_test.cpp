#include "train/schedule.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

double Linear(int step, int warmup, int total) {
  return ScheduleFactor({.kind = Schedule::kLinear, .warmup = warmup, .total = total}, step);
}

TEST(Schedule, FollowsTransformers) {
  // transformers 5.23: get_linear_schedule_with_warmup(3, 10) and get_cosine_schedule_with_warmup(3, 10).
  EXPECT_DOUBLE_EQ(Linear(0, 3, 10), 0.0);
  EXPECT_DOUBLE_EQ(Linear(2, 3, 10), 2.0 / 3);
  EXPECT_DOUBLE_EQ(Linear(3, 3, 10), 1.0);
  EXPECT_DOUBLE_EQ(Linear(9, 3, 10), 1.0 / 7);
  EXPECT_DOUBLE_EQ(Linear(10, 3, 10), 0.0);
  EXPECT_DOUBLE_EQ(Linear(0, 0, 10), 1.0);
  EXPECT_NEAR(ScheduleFactor({.kind = Schedule::kCosine, .warmup = 3, .total = 10}, 5), 0.8117449009293668, 1e-12);
  EXPECT_DOUBLE_EQ(ScheduleFactor({.kind = Schedule::kConstant, .warmup = 2, .total = 10}, 1), 0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor({.kind = Schedule::kConstant, .warmup = 2, .total = 10}, 9), 1.0);
}

TEST(Schedule, RestartsAreHard) {
  // transformers 5.23: get_cosine_with_hard_restarts_schedule_with_warmup(3, 13, num_cycles=3).
  const double expected[] = {0.0,
                             0.3333333333333333,
                             0.6666666666666666,
                             1.0,
                             0.7938926261462365,
                             0.3454915028125262,
                             0.02447174185242329,
                             0.9045084971874735,
                             0.5,
                             0.09549150281252644,
                             0.9755282581475769,
                             0.6545084971874732,
                             0.20610737385376326,
                             0.0};
  const ScheduleOptions schedule{.kind = Schedule::kCosineRestarts, .warmup = 3, .total = 13, .cycles = 3};
  for (int step = 0; step < 14; ++step) EXPECT_NEAR(ScheduleFactor(schedule, step), expected[step], 1e-12) << step;
}

}  // namespace
}  // namespace winnow
