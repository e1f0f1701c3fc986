#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "experiment/experiment_status.h"

namespace winnow {
namespace {

struct RegistryAbOptions : RegistryCommandOptions {
  std::string name, candidate, ramp, hold = "0s", reason, settle = "60s";
  double percent = 10, compare = 0, label_share = 100;
  ExperimentPlan plan;
  bool status = false, stop = false;
};

void DescribePlan(RegistryAbOptions& options, OptionTable& table) {
  ExperimentPlan& plan = options.plan;
  table.Group("Experiment");
  table.Add("candidate", &options.candidate, "The version to compare with the champion; @ALIAS: what the alias means")
      .ValueName("VERSION");
  table.Add("percent", &options.percent, "Percentage of the users who get the candidate").MoreThan(0);
  table.Add("ramp", &options.ramp, "In place of --percent: ascending percentages, one after the other")
      .ValueName("P,P,...")
      .InsteadOf("percent");
  table.Add("hold", &options.hold, "Minimum time for which each share of --ramp is kept, such as 24h")
      .ValueName("TIME");
  table.Add("min-users", &plan.min_users, "Minimum number of users in each arm before the share is raised").AtLeast(0);
  table.Add("shadow", &plan.shadow,
            "Have both models score every message, show the champion's answers, and decide by blind labels alone");
  table.Add("dry-run", &plan.dry_run, "End with the decision, and change no alias");
  table.Group("Tests");
  table.Add("margin", &plan.tests.margin,
            "Roll back when the candidate's rate of errors is shown to exceed the champion's times this number, at "
            "least 1");
  table.Add(
      "promotion-margin", &plan.tests.promotion_margin,
      "Promote when the candidate's rate of errors is shown to be below the champion's times this number, at most 1");
  table.Add("alpha", &plan.tests.alpha, "Largest probability of each of the two wrong decisions");
  table
      .Add("compare", &options.compare,
           "Percentage of the messages that both models score, for blind labels of those about which they disagree")
      .Range(0, 100);
  table.Add("label-share", &options.label_share, "Percentage of the disagreements that are drawn for blind labels")
      .Range(0, 100);
  table.Add("settle", &options.settle, "How long a report waits for earlier ones that arrive late").ValueName("TIME");
}

void Describe(RegistryAbOptions& options, OptionTable& table) {
  table.AddPositional("name", &options.name, "The model").ValueName("NAME").Required();
  DescribePlan(options, table);
  table.Group("Running experiment");
  table.Add("status", &options.status, "Print the state of the newest experiment");
  table.Add("stop", &options.stop, "End the experiment without a verdict");
  table.Add("reason", &options.reason, "Reason for --stop, for the history").ValueName("TEXT");
  AddRegistryChangeOptions(options, table);
  table.Describe(
      "Serves the candidate to a share of the users, and compares them with a control group of as many users of the "
      "champion, until the errors that users report show which model is better. The tests stay valid however often "
      "their state is looked at. Servers that follow the registry and have a store carry the experiment out: they "
      "assign users, count reports of errors, roll back or promote. "
      "'winnow registry simulate' shows how many reports that takes.");
  table.Example("winnow registry ab spam --candidate 1.1.0 --percent 10 --registry registry",
                "10 % of the users get 1.1.0, until it is rolled back or promoted");
  table.Example("winnow registry ab spam --candidate 1.1.0 --ramp 1,5,10,25,50 --hold 24h --registry registry",
                "more users day by day");
  table.Example("winnow registry ab spam --candidate 1.1.0 --shadow --registry registry",
                "no user sees 1.1.0; blind labels decide ('winnow feedback audit')");
  table.Example("winnow registry ab spam --status --registry registry", "the state of the experiment");
}

Result<ExperimentPlan> PlanOf(const RegistryAbOptions& options) {
  ExperimentPlan plan = options.plan;
  plan.ramp = {options.percent / 100};
  if (!options.ramp.empty()) plan.ramp = TRY(ParseRamp(options.ramp));
  plan.hold = TRY(ParseHold(options.hold));
  plan.settle = TRY(ParseHold(options.settle));
  plan.compare_share = options.compare / 100;
  plan.label_share = options.label_share / 100;
  TRY(CheckNewPlan(plan));
  return plan;
}

Result<void> PrintStatus(Store& store, const Experiment& experiment, bool json) {
  const ExperimentReportCard card = TRY(ReadReportCard(store, experiment));
  return Print(json ? StatusJson(experiment, card).dump(2) + "\n" : StatusText(experiment, card));
}

Result<void> Run(const RegistryAbOptions& options) {
  if (options.status && options.stop)
    return Fail(ErrorCode::kInvalidArgument, "--status cannot be combined with --stop", "omit one of these options");
  if ((options.status || options.stop) && !options.candidate.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--candidate begins an experiment, and cannot be combined with --status and --stop",
                "run the command once for each");
  }
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  Store& store = registry->store();
  if (options.stop) {
    const std::string reason = options.reason.empty() ? "stopped by hand" : options.reason;
    return PrintStatus(store, TRY(StopExperiment(store, options.name, reason, registry->actor())), options.json);
  }
  if (options.status) {
    const std::optional<Experiment> newest = TRY(FindNewestExperiment(store, options.name));
    if (newest) return PrintStatus(store, *newest, options.json);
    return Fail(ErrorCode::kNotFound, fmt::format("there was no experiment of {}", options.name),
                fmt::format("'winnow registry ab {} --candidate VERSION' begins one", options.name));
  }
  if (options.candidate.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "specify --candidate, --status or --stop",
                fmt::format("'winnow registry list {}' shows the versions", options.name));
  }
  std::string candidate = options.candidate;
  if (candidate.starts_with('@')) candidate = TRY(registry->Show(options.name + candidate)).version;
  const Experiment experiment =
      TRY(StartExperiment(store, options.name, candidate, TRY(PlanOf(options)), registry->actor(), StoreNow()));
  return PrintStatus(store, experiment, options.json);
}

}  // namespace

Command RegistryAbCommand() {
  return MakeCommand<RegistryAbOptions>(
      "registry ab", "Compares a candidate with the champion on a share of the users.", Describe, Run);
}

}  // namespace winnow
