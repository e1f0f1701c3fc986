#include "server/operation_history.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/json.h"
#include "support/served_routes.h"

namespace winnow {
namespace {

OperationSample Sample(int minute, uint64_t requests, std::vector<uint64_t> durations = {}) {
  OperationSample sample;
  sample.at = StoreTime(std::chrono::minutes(1000 + minute));
  sample.requests = requests;
  sample.durations = std::move(durations);
  return sample;
}

TEST(OperationHistory, TellsWhatHappenedInEachMinute) {
  OperationHistory history(std::make_shared<ServerMetrics>());
  history.Add(Sample(0, 0));
  history.Add(Sample(1, 60, {0, 60}));
  history.Add(Sample(2, 180, {120, 60}));
  const auto minutes = history.Minutes(10);
  ASSERT_EQ(minutes.size(), 2u);
  EXPECT_EQ(minutes[0].did.requests, 60u);
  EXPECT_DOUBLE_EQ(minutes[1].PerSecond(minutes[1].did.requests), 2);
  EXPECT_EQ(minutes[1].did.durations, (std::vector<uint64_t>{120, 0}));
  EXPECT_EQ(history.Minutes(1).size(), 1u);
  const OperationPeriod lately = history.Last(std::chrono::minutes(2), Sample(3, 190, {130, 60}));
  EXPECT_EQ(lately.did.requests, 130u) << "since the first minute";
  EXPECT_DOUBLE_EQ(lately.seconds(), 120);
  EXPECT_EQ(history.Last(std::chrono::minutes(60), Sample(3, 190)).did.requests, 190u) << "since the start";
}

TEST(OperationHistory, KeepsADay) {
  OperationHistory history(std::make_shared<ServerMetrics>());
  for (int i = 0; i < 3000; ++i) history.Add(Sample(i, static_cast<uint64_t>(i)));
  const auto minutes = history.Minutes(10000);
  ASSERT_EQ(minutes.size(), 1440u);
  EXPECT_EQ(minutes.back().until, StoreTime(std::chrono::minutes(1000 + 2999)));
}

TEST(OperationHistory, InterpolatesQuantilesInTheirBuckets) {
  const auto bounds = ServerMetrics::SecondsBounds();
  std::vector<uint64_t> durations(bounds.size() + 1);
  EXPECT_FALSE(QuantileOf(durations, .5));
  durations[1] = 100;
  EXPECT_DOUBLE_EQ(*QuantileOf(durations, .5), (bounds[0] + bounds[1]) / 2);
  EXPECT_DOUBLE_EQ(*QuantileOf(durations, 1), bounds[1]);
  durations.back() = 100;
  EXPECT_DOUBLE_EQ(*QuantileOf(durations, .99), bounds.back()) << "slower than the last bound";
}

TEST(OperationHistory, CountsTheRequestsOfAServer) {
  ServerMetrics metrics;
  const std::vector<std::string> decisions = {"ham", "spam"};
  metrics.AddModel("spam", "1.0.0", decisions);
  for (const int status : {200, 200, 404, 429, 500}) metrics.Answered("/v1/classify", status, .003);
  metrics.Answered("", 404, .1);
  metrics.Filtered("rules", true, .001);
  metrics.Filtered("classifier", true, .001);
  metrics.Filtered("classifier", false, .001);
  const ServedCounts counts = metrics.Counts();
  ASSERT_EQ(counts.routes.size(), 2u);
  EXPECT_EQ(counts.routes[0].route, "none");
  const ServedCounts::OfRoute& route = counts.routes[1];
  EXPECT_EQ(route.count, 5u);
  EXPECT_EQ(route.errors, 1u);
  EXPECT_EQ(route.refused, 1u);
  EXPECT_EQ(route.client_errors, 1u);
  EXPECT_NEAR(*QuantileOf(route.durations, .5), .0035, .0016);
  EXPECT_EQ(counts.judged_spam, 2u);
  EXPECT_EQ(counts.judged_ham, 1u);
  ASSERT_EQ(counts.models.size(), 1u);
  EXPECT_EQ(counts.models[0].version, "1.0.0");
  EXPECT_EQ(counts.models[0].decisions.size(), 2u);
}

TEST(OperationRoutes, ReportWhatTheServerDoes) {
  const auto minute = [] { return std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()); };
  const auto begin = minute();
  const ServedRoutes server;
  ASSERT_EQ(server.Ask("POST", "/v1/classify", R"({"texts": ["win a prize now"], "model": "words"})").status, 200);
  const Json now = server.AskJson("GET", "/v1/operation");
  EXPECT_EQ(now["requests"]["count"], 1);
  EXPECT_EQ(now["routes"][0]["route"], "/v1/classify");
  EXPECT_EQ(now["texts"], 1);
  EXPECT_TRUE(now["drift"].is_null());
  EXPECT_EQ(now["errors_audited"]["labelled"], 0);
  EXPECT_EQ(now["store"]["history_lost"], 0);
  const size_t points = server.AskJson("GET", "/v1/operation/history?minutes=5")["points"].size();
  EXPECT_LE(points, static_cast<size_t>((minute() - begin).count())) << "one at each full minute";
  EXPECT_EQ(server.Ask("GET", "/v1/operation/history?minutes=0").status, 422);
}

}  // namespace
}  // namespace winnow
