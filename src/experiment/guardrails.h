/// Guardrails of an experiment: what must hold whatever users say about the answers. A guardrail that fails pauses the
/// ramp and keeps the candidate from being promoted, until a person has looked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment/latency.h"

namespace winnow {

/// What the servers counted for one arm.
struct ArmCounters {
  uint64_t requests = 0;
  uint64_t errors = 0;  ///< requests that the arm's model failed to answer
  LatencyHistogram latency = {};

  void Add(const ArmCounters& other);
  friend bool operator==(const ArmCounters&, const ArmCounters&) = default;
};

/// Users who were seen for the first time while the candidate's arm had a share of the experiment.
struct SeenUsers {
  double share_in_experiment = 0.5;
  int64_t control = 0, candidate = 0;
};

struct GuardrailInput {
  std::vector<SeenUsers> users = {};
  int64_t users_in_both_arms = 0;  ///< users whom both models answered though the ramp had not moved them
  ArmCounters control = {}, candidate = {};
};

struct GuardrailLimits {
  double alpha = 0.001;             ///< probability of each guardrail's false alarm, at all times together
  double max_error_ratio = 2;       ///< greatest ratio of the candidate's rate of server errors to the control group's
  double max_latency_ratio = 1.5;   ///< greatest ratio of the candidate's quantiles of latency to the control group's
  double max_users_in_both = 0.01;  ///< share of all users
};

struct GuardrailFinding {
  std::string guardrail = {};  ///< "assignment", "both_arms", "errors" or "latency"
  std::string text = {};       ///< a sentence
};

/// Returns the guardrails that fail.
std::vector<GuardrailFinding> CheckGuardrails(const GuardrailInput& input, const GuardrailLimits& limits = {});

/// Returns the logarithm of the evidence that `ones` of `count` observations do not have the probability `p`: the ratio
/// of the likelihoods under a Beta prior around p with the strength of 100 observations and under p. A nonnegative
/// martingale with the mean 1 under p, so that it reaches 1/alpha with a probability of at most alpha at any time; it
/// does not depend on the order. Lindon and Malek, NeurIPS 2022, arXiv:2011.03567.
double CountEvidence(int64_t ones, int64_t count, double p);

}  // namespace winnow
