#include "experiment/simulation.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"

namespace winnow {
namespace {

/// Returns true if a test has decided, and counts the decision.
template <typename Tests>
bool CountDecision(const Tests& tests, double alpha, int observations, SimulatedRuns& result) {
  const bool back = tests.rollback.Rejects(alpha);
  if (!back && !tests.promotion.Rejects(alpha)) return false;
  ++(back ? result.rolled_back : result.promoted);
  result.stops.push_back(observations);
  return true;
}

/// Returns a geometric number (0, 1, 2 ...) with the given mean.
int Geometric(double mean, Random& random) {
  return static_cast<int>(std::log(1 - random.Uniform()) / std::log(mean / (1 + mean)));
}

void SimulateRun(const ComplaintSimulation& simulation, uint64_t run, SimulatedRuns& result) {
  Random random(simulation.seed * 1000003 + run, "complaints");
  ComplaintTests tests;
  for (int user = 0; user < simulation.reporters; ++user) {
    const size_t stage =
        static_cast<size_t>(user) * simulation.shares.size() / static_cast<size_t>(simulation.reporters);
    ArmReport report{.share_in_experiment = simulation.shares[stage]};
    const double probability = ProbabilityAtMargin(simulation.ratio, report.share_in_experiment);
    report.arm = random.Uniform() < probability ? Arm::kCandidate : Arm::kControl;
    const int reports = 1 + (simulation.mean_more_reports > 0 ? Geometric(simulation.mean_more_reports, random) : 0);
    for (int i = 0; i < (simulation.count_messages ? reports : 1); ++i) {
      tests.Add(report, simulation.plan);
      if (CountDecision(tests, simulation.plan.alpha, static_cast<int>(tests.rollback.count()), result)) return;
    }
  }
}

}  // namespace

int SimulatedRuns::Quantile(double share) const {
  const auto rank = static_cast<size_t>(std::ceil(share * runs));
  return rank > stops.size() || rank == 0 ? -1 : stops[rank - 1];
}

SimulatedRuns SimulateComplaints(const ComplaintSimulation& simulation) {
  SimulatedRuns result{.runs = simulation.runs};
  for (int run = 0; run < simulation.runs; ++run) SimulateRun(simulation, static_cast<uint64_t>(run), result);
  std::ranges::sort(result.stops);
  return result;
}

SimulatedRuns SimulateDisagreements(const DisagreementSimulation& simulation) {
  SimulatedRuns result{.runs = simulation.runs};
  for (int run = 0; run < simulation.runs; ++run) {
    Random random(simulation.seed * 1000003 + static_cast<uint64_t>(run), "disagreements");
    DisagreementTests tests;
    for (int label = 1; label <= simulation.labels; ++label) {
      tests.Add(random.Uniform() < simulation.candidate_wrong);
      if (CountDecision(tests, simulation.alpha, label, result)) break;
    }
  }
  std::ranges::sort(result.stops);
  return result;
}

}  // namespace winnow
