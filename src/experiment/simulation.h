/// Simulated experiments: how often a test decides wrongly, and after how many observations it decides rightly. The
/// tests of this folder assert these figures, `winnow registry simulate` prints them, and docs/experiments.md quotes
/// them.
#pragma once

#include <cstdint>
#include <vector>

#include "experiment/reports.h"

namespace winnow {

/// What the runs of a simulation ended with.
struct SimulatedRuns {
  int runs = 0;
  int rolled_back = 0, promoted = 0;  ///< runs in which the test decided, and what it decided first
  std::vector<int> stops = {};        ///< ascending number of observations of each run that decided

  double rolled_back_share() const { return static_cast<double>(rolled_back) / runs; }
  double promoted_share() const { return static_cast<double>(promoted) / runs; }
  /// Returns the number of observations after which the given share of all runs had decided; -1 if fewer decided.
  int Quantile(double share) const;
};

struct ComplaintSimulation {
  int runs = 1000;
  int reporters = 2000;  ///< users who report, in each run, unless it decides earlier
  double ratio = 1;      ///< rate of errors of the candidate, as a multiple of the champion's
  TestPlan plan = {};
  /// The candidate's share of the users of both arms; with several, each holds for an equal number of the reporters.
  std::vector<double> shares = {0.5};
  /// Reports of a user are 1 + a geometric number with this mean; they follow each other closely.
  double mean_more_reports = 4;
  /// Counts every report rather than users: what an experiment must not do.
  bool count_messages = false;
  uint64_t seed = 1;
};

/// Simulates T1.
SimulatedRuns SimulateComplaints(const ComplaintSimulation& simulation);

struct DisagreementSimulation {
  int runs = 1000;
  int labels = 1000;
  double candidate_wrong = 0.5;  ///< share of disagreements in which the candidate is wrong
  double alpha = 0.05;
  uint64_t seed = 1;
};

/// Simulates T2.
SimulatedRuns SimulateDisagreements(const DisagreementSimulation& simulation);

}  // namespace winnow
