#include "experiment/guardrails.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "experiment/sequential.h"

namespace winnow {
namespace {

constexpr double kPriorStrength = 100;

double LogBeta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

std::optional<GuardrailFinding> CheckAssignment(const GuardrailInput& input, const GuardrailLimits& limits) {
  double evidence = 0, expected = 0;
  int64_t candidate = 0, all = 0;
  for (const SeenUsers& users : input.users) {
    const int64_t count = users.control + users.candidate;
    evidence += CountEvidence(users.candidate, count, users.share_in_experiment);
    candidate += users.candidate;
    all += count;
    expected += static_cast<double>(count) * users.share_in_experiment;
  }
  if (evidence < -std::log(limits.alpha)) return std::nullopt;
  return GuardrailFinding{
      "assignment",
      fmt::format("{} of {} users were seen in the candidate's arm, where {:.0f} are expected: requests of one arm are "
                  "lost or are not recorded, so that the arms cannot be compared",
                  candidate, all, expected)};
}

std::optional<GuardrailFinding> CheckBothArms(const GuardrailInput& input, const GuardrailLimits& limits) {
  int64_t all = 0;
  for (const SeenUsers& users : input.users) all += users.control + users.candidate;
  if (static_cast<double>(input.users_in_both_arms) <= limits.max_users_in_both * static_cast<double>(all))
    return std::nullopt;
  return GuardrailFinding{
      "both_arms", fmt::format("{} of {} users were answered by both models: a server does not have the candidate, or "
                               "clients send different ids of one user",
                               input.users_in_both_arms, all)};
}

std::optional<GuardrailFinding> CheckErrors(const GuardrailInput& input, const GuardrailLimits& limits) {
  const auto& [control, candidate] = std::pair(input.control, input.candidate);
  const uint64_t requests = control.requests + candidate.requests, errors = control.errors + candidate.errors;
  if (requests == 0 || errors == 0 || candidate.requests == 0) return std::nullopt;
  if (control.requests == 0) return std::nullopt;
  const double share = static_cast<double>(candidate.requests) / static_cast<double>(requests);
  const double pi = ProbabilityAtMargin(limits.max_error_ratio, share);
  const auto ones = static_cast<int64_t>(candidate.errors), count = static_cast<int64_t>(errors);
  const bool more = static_cast<double>(ones) > pi * static_cast<double>(count);
  if (!more || CountEvidence(ones, count, pi) < -std::log(limits.alpha)) return std::nullopt;
  return GuardrailFinding{
      "errors",
      fmt::format("the candidate failed in {} of {} requests, the champion in {} of {}: more than {:g} times "
                  "the champion's rate",
                  candidate.errors, candidate.requests, control.errors, control.requests, limits.max_error_ratio)};
}

std::optional<GuardrailFinding> CheckLatency(const GuardrailInput& input, const GuardrailLimits& limits) {
  const LatencyHistogram &control = input.control.latency, &candidate = input.candidate.latency;
  for (const double level : {0.5, 0.95}) {
    const double low = level - DistributionBound(candidate.count(), limits.alpha / 2);
    const double high = level + DistributionBound(control.count(), limits.alpha / 2);
    if (low <= 0 || high >= 1) continue;  // too few requests
    if (candidate.Quantile(low) <= limits.max_latency_ratio * control.Quantile(high)) continue;
    return GuardrailFinding{
        "latency", fmt::format("{:g} % of the candidate's answers take up to {:.2f} ms, of the champion's {:.2f} ms: "
                               "more than {:g} times as long",
                               100 * level, 1000 * candidate.Quantile(level), 1000 * control.Quantile(level),
                               limits.max_latency_ratio)};
  }
  return std::nullopt;
}

}  // namespace

void ArmCounters::Add(const ArmCounters& other) {
  requests += other.requests;
  errors += other.errors;
  latency.Add(other.latency);
}

double CountEvidence(int64_t ones, int64_t count, double p) {
  const auto k = static_cast<double>(ones), n = static_cast<double>(count);
  const double a = kPriorStrength * p, b = kPriorStrength * (1 - p);
  return LogBeta(a + k, b + n - k) - LogBeta(a, b) - k * std::log(p) - (n - k) * std::log1p(-p);
}

std::vector<GuardrailFinding> CheckGuardrails(const GuardrailInput& input, const GuardrailLimits& limits) {
  std::vector<GuardrailFinding> findings;
  for (const auto check : {CheckAssignment, CheckBothArms, CheckErrors, CheckLatency})
    if (std::optional<GuardrailFinding> finding = check(input, limits)) findings.push_back(std::move(*finding));
  return findings;
}

}  // namespace winnow
