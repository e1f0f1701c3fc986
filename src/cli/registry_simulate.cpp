#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "experiment/experiment.h"
#include "experiment/simulation.h"

namespace winnow {
namespace {

struct RegistrySimulateOptions : CommonOptions {
  ComplaintSimulation complaints;
  std::string ramp;
  double percent = 10, candidate_wrong = 50;
  bool labels = false;
  int64_t seed = 1;
};

void Describe(RegistrySimulateOptions& options, OptionTable& table) {
  ComplaintSimulation& complaints = options.complaints;
  table.Group("Simulation");
  table.Add("runs", &complaints.runs, "Number of experiments to simulate").Range(1, 1000000);
  table.Add("reporters", &complaints.reporters, "Users who report an error, or blind labels, in each experiment")
      .Range(1, 10000000);
  table.Add("ratio", &complaints.ratio, "The candidate's rate of errors, as a multiple of the champion's")
      .Range(0.001, 1000);
  table
      .Add("more-reports", &complaints.mean_more_reports,
           "Mean number of reports of a user after the first one (geometric)")
      .Range(0, 1000);
  table.Add("count-messages", &complaints.count_messages,
            "Count every report instead of each user once: shows how many wrong decisions follow");
  table.Add("labels", &options.labels, "Simulate blind labels (T2) rather than complaints (T1)");
  table
      .Add("candidate-wrong", &options.candidate_wrong,
           "With --labels: percentage of the disagreements in which the candidate is wrong")
      .Range(0, 100);
  table.Add("seed", &options.seed, "Seed of the random numbers").AtLeast(0);
  table.Group("Experiment");
  table.Add("percent", &options.percent, "Share of the users who get the candidate").Range(0.001, 95);
  table.Add("ramp", &options.ramp, "In place of --percent: ascending shares, for equal numbers of reporters")
      .ValueName("P,P,...")
      .InsteadOf("percent");
  table
      .Add("margin", &complaints.plan.margin,
           "Roll back when the candidate's rate of errors is shown to exceed the champion's times this number")
      .Range(1, 100);
  table
      .Add("promotion-margin", &complaints.plan.promotion_margin,
           "Promote when the candidate's rate of errors is shown to be below the champion's times this number")
      .Range(0.01, 1);
  table.Add("alpha", &complaints.plan.alpha, "Largest probability of each of the two wrong decisions").Range(1e-9, 0.5);
  table.Describe(
      "Simulates experiments with users whose error rates are known, and prints how often the tests of 'winnow registry ab' "
      "roll back and promote, and after how many users who report an error. With --ratio 1, each decision is wrong.");
  table.Example("winnow registry simulate", "equal models: how often each wrong decision is made");
  table.Example("winnow registry simulate --ratio 2", "twice the errors: when they are noticed");
  table.Example("winnow registry simulate --count-messages", "what happens if messages are counted in place of users");
}

Result<SimulatedRuns> Simulate(const RegistrySimulateOptions& options) {
  if (options.labels) {
    return SimulateDisagreements({.runs = options.complaints.runs,
                                  .labels = options.complaints.reporters,
                                  .candidate_wrong = options.candidate_wrong / 100,
                                  .alpha = options.complaints.plan.alpha,
                                  .seed = static_cast<uint64_t>(options.seed)});
  }
  ComplaintSimulation complaints = options.complaints;
  complaints.seed = static_cast<uint64_t>(options.seed);
  std::vector<double> shares = {options.percent / 100};
  if (!options.ramp.empty()) shares = TRY(ParseRamp(options.ramp));
  TRY(CheckNewPlan({.tests = complaints.plan, .ramp = shares}));
  complaints.shares.clear();
  for (const double share : shares) complaints.shares.push_back(ShareInExperiment(share));
  return SimulateComplaints(complaints);
}

std::string AfterText(const SimulatedRuns& runs, double share, std::string_view unit) {
  const int after = runs.Quantile(share);
  return after < 0 ? std::string("not in these runs") : fmt::format("{} {}", after, unit);
}

std::string_view UnitOf(const RegistrySimulateOptions& options) {
  if (options.labels) return "labels";
  return options.complaints.count_messages ? "reports" : "reporting users";
}

Result<void> Run(const RegistrySimulateOptions& options) {
  const SimulatedRuns runs = TRY(Simulate(options));
  const auto quantile = [&](double share) { return runs.Quantile(share) < 0 ? Json() : Json(runs.Quantile(share)); };
  if (options.json) {
    return Print(DumpJsonLine({{"runs", runs.runs},
                               {"rolled_back", runs.rolled_back},
                               {"promoted", runs.promoted},
                               {"median", quantile(0.5)},
                               {"p90", quantile(0.9)}}) +
                 "\n");
  }
  return Print(
      fmt::format("rolled back           {:.1f} % of {} runs\npromoted              {:.1f} %\n"
                  "half decided after    {}\n90 % decided after    {}\n",
                  100 * runs.rolled_back_share(), runs.runs, 100 * runs.promoted_share(),
                  AfterText(runs, 0.5, UnitOf(options)), AfterText(runs, 0.9, UnitOf(options))));
}

}  // namespace

Command RegistrySimulateCommand() {
  return MakeCommand<RegistrySimulateOptions>(
      "registry simulate", "Shows how often, and how fast, the tests of experiments decide.", Describe, Run);
}

}  // namespace winnow
