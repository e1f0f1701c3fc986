#include "experiment/guardrails.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

std::vector<std::string> Failing(const GuardrailInput& input) {
  std::vector<std::string> names;
  for (const GuardrailFinding& finding : CheckGuardrails(input)) names.push_back(finding.guardrail);
  return names;
}

using Names = std::vector<std::string>;

TEST(Guardrails, HoldWithoutData) { EXPECT_EQ(Failing({}), Names{}); }

TEST(Guardrails, NoticeASampleRatioMismatch) {
  EXPECT_EQ(Failing({.users = {{0.5, 5000, 5000}}}), Names{});
  EXPECT_EQ(Failing({.users = {{0.5, 5000, 5100}}}), Names{});
  EXPECT_EQ(Failing({.users = {{0.5, 5000, 4500}}}), Names{"assignment"});
  EXPECT_EQ(Failing({.users = {{0.5, 5000, 5000}, {0.8, 200, 800}}}), Names{});
  EXPECT_EQ(Failing({.users = {{0.5, 5000, 5000}, {0.8, 500, 500}}}), Names{"assignment"});
}

TEST(Guardrails, SeldomClaimAMismatchHoweverOftenSomebodyLooks) {
  int alarms = 0;
  for (uint64_t run = 0; run < 1000; ++run) {
    Random random(run, "mismatch");
    int64_t ones = 0;
    bool alarm = false;
    for (int64_t n = 1; n <= 2000; ++n) {
      ones += random.Uniform() < 0.5;
      alarm = alarm || CountEvidence(ones, n, 0.5) >= std::log(1 / 0.05);
    }
    alarms += alarm;
  }
  EXPECT_LE(alarms, 50);
  EXPECT_GE(alarms, 5);
}

TEST(Guardrails, CountEvidenceIsAMartingale) {
  for (int64_t n = 0; n < 30; ++n) {
    const double up = std::exp(CountEvidence(n / 3 + 1, n + 1, 0.3)), down = std::exp(CountEvidence(n / 3, n + 1, 0.3));
    EXPECT_NEAR(0.3 * up + 0.7 * down, std::exp(CountEvidence(n / 3, n, 0.3)), 1e-9);
  }
}

TEST(Guardrails, NoticeUsersInBothArms) {
  EXPECT_EQ(Failing({.users = {{0.5, 500, 500}}, .users_in_both_arms = 10}), Names{});
  EXPECT_EQ(Failing({.users = {{0.5, 500, 500}}, .users_in_both_arms = 11}), Names{"both_arms"});
}

TEST(Guardrails, NoticeServerErrors) {
  GuardrailInput input;
  input.control = {.requests = 10000, .errors = 10};
  input.candidate = {.requests = 10000, .errors = 20};
  EXPECT_EQ(Failing(input), Names{});
  input.candidate.errors = 100;
  EXPECT_EQ(Failing(input), Names{"errors"});
  input.control.errors = 100;
  EXPECT_EQ(Failing(input), Names{});
}

TEST(Guardrails, NoticeSlowAnswers) {
  GuardrailInput input;
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    input.control.latency.Add(0.002 + 0.002 * random.Uniform());
    input.candidate.latency.Add(0.002 + 0.002 * random.Uniform());
  }
  EXPECT_EQ(Failing(input), Names{});
  input.candidate.latency = {};
  for (int i = 0; i < 20000; ++i) input.candidate.latency.Add(0.005 + 0.002 * random.Uniform());
  EXPECT_EQ(Failing(input), Names{"latency"});
  input.candidate.latency = {};
  for (int i = 0; i < 20000; ++i) input.candidate.latency.Add(i % 5 == 0 ? 0.1 : 0.003);
  EXPECT_EQ(Failing(input), Names{"latency"}) << "the slowest fifth alone";
}

TEST(Guardrails, FewRequestsProveNothing) {
  GuardrailInput input;
  input.control = {.requests = 100, .errors = 0};
  input.candidate = {.requests = 100, .errors = 2};
  EXPECT_EQ(Failing(input), Names{});
  input.candidate.errors = 100;
  EXPECT_EQ(Failing(input), Names{"errors"});
  input.control.requests = 0;
  EXPECT_EQ(Failing(input), Names{}) << "nothing to compare with";
  input.control = {.requests = 10000, .errors = 1000};
  input.candidate = {.requests = 10000, .errors = 0};
  EXPECT_EQ(Failing(input), Names{}) << "fewer errors";
  GuardrailInput slow;
  const auto add = [&](int answers) {
    for (int i = 0; i < answers; ++i) {
      slow.control.latency.Add(0.002);
      slow.candidate.latency.Add(0.1);
    }
  };
  add(5);
  EXPECT_EQ(Failing(slow), Names{});
  add(2000);
  EXPECT_EQ(Failing(slow), Names{"latency"});
}

TEST(Guardrails, SayWhatWasExpected) {
  const std::vector<GuardrailFinding> findings = CheckGuardrails({.users = {{0.5, 5000, 4500}, {0.8, 200, 800}}});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(findings[0].text.starts_with(
      "5300 of 10500 users were seen in the candidate's arm, where 5550 are expected: requests of one arm are lost"))
      << findings[0].text;
}

TEST(Guardrails, CountersOfSeveralServersAddUp) {
  ArmCounters one{.requests = 3, .errors = 1}, other{.requests = 4, .errors = 2};
  other.latency.Add(0.1);
  one.Add(other);
  EXPECT_EQ(one.requests, 7u);
  EXPECT_EQ(one.errors, 3u);
  EXPECT_EQ(one.latency.count(), 1u);
}

TEST(Latency, QuantilesAreWithinTheWidthOfABucket) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.Add(i / 1000.0);
  EXPECT_NEAR(histogram.Quantile(0.5), 0.5, 0.05);
  EXPECT_NEAR(histogram.Quantile(0.95), 0.95, 0.09);
  EXPECT_EQ(LatencyHistogram().Quantile(0.5), 0);
  histogram.Add(0);
  histogram.Add(1e9);
  EXPECT_EQ(histogram.count(), 1002u);
}

TEST(Latency, HistogramsOfSeveralServersAddUpAndAreKeptAsJson) {
  LatencyHistogram a, b, both;
  for (int i = 1; i <= 100; ++i) {
    (i % 2 ? a : b).Add(i * 0.001);
    both.Add(i * 0.001);
  }
  a.Add(b);
  EXPECT_EQ(a, both);
  EXPECT_EQ(LatencyHistogram::FromJson(ParseJson(a.ToJson().dump(), "latencies").value()).value(), both);
  EXPECT_FALSE(LatencyHistogram::FromJson(ParseJson(R"({"3": "many"})", "latencies").value()));
  EXPECT_FALSE(LatencyHistogram::FromJson(ParseJson(R"({"3": -1})", "latencies").value()));
}

TEST(Latency, TheBoundShrinksWithTheNumberOfRequests) {
  EXPECT_EQ(DistributionBound(0, 0.05), 1);
  // 0.85 sqrt((log log(10000 e) + 0.8 log(1612 / 0.05)) / 10000), computed by hand.
  EXPECT_NEAR(DistributionBound(10000, 0.05), 0.85 * std::sqrt((std::log(1 + std::log(10000.0)) + 8.3048) / 10000),
              1e-5);
}

}  // namespace
}  // namespace winnow
