#include "evaluate/latency.h"

#include <gtest/gtest.h>

#include <numeric>

namespace winnow {
namespace {

TEST(Latency, PercentilesAreOfTheNearestRank) {
  std::vector<double> times(200);
  std::iota(times.rbegin(), times.rend(), 1.0);  // 200 ... 1
  const LatencySummary summary = Summarize(times);
  EXPECT_EQ(summary.p50, 100);
  EXPECT_EQ(summary.p95, 190);
  EXPECT_EQ(summary.p99, 198);
  EXPECT_EQ(summary.mean, 100.5);
}

TEST(Latency, ASingleTimeIsEveryPercentile) {
  const LatencySummary summary = Summarize({3.5});
  EXPECT_EQ(summary.p50, 3.5);
  EXPECT_EQ(summary.p99, 3.5);
  EXPECT_EQ(Summarize({}).p50, 0);
}

TEST(Latency, WithoutTextsThereIsNothingToMeasure) {
  const auto report = MeasureLatency("nowhere", {}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
