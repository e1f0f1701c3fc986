#include "experiment/experiment_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace winnow {
namespace {

std::optional<AliasRow> RowOf(const std::vector<AliasRow>& rows, std::string_view alias) {
  const auto found = std::ranges::find(rows, alias, &AliasRow::alias);
  return found == rows.end() || !found->version ? std::nullopt : std::optional(*found);
}

Result<std::optional<AliasRow>> FindAlias(Store& store, const std::string& model, std::string_view alias) {
  return RowOf(TRY(store.ListAliases(model)), alias);
}

/// A step that writes a phase and a decision, if the experiment is still active.
auto PhaseStep(ExperimentPhase phase, std::string action, std::string reason, std::string actor) {
  return [=](const ExperimentInput& input) -> Result<std::optional<ExperimentChange>> {
    if (!input.experiment.active) return std::nullopt;
    ExperimentState state = TRY(ReadExperiment(input.experiment)).state;
    state.phase = phase;
    state.pause.reset();
    return ExperimentChange{
        .state = ToJson(state).dump(), .active = IsActive(phase), .action = action, .reason = reason, .actor = actor};
  };
}

/// Changes the state alone. `until` before all reports, so that none is counted.
Result<Experiment> SetPhase(Store& store, const ExperimentKey& key, ExperimentPhase phase, std::string action,
                            std::string reason, std::string actor) {
  const auto step = PhaseStep(phase, std::move(action), std::move(reason), std::move(actor));
  return ReadExperiment(TRY(store.ChangeExperiment(key, StoreTime(), step)));
}

Result<void> SetCandidateAlias(Store& store, const ExperimentRecord& record) {
  TRY(store.ChangeAlias({.name = record.key.model,
                         .alias = kCandidateAlias,
                         .version = record.candidate,
                         .actor = ExperimentActor(record.key),
                         .reason = "the candidate of an experiment"}));
  return {};
}

/// Removes the alias of the candidate, if it means the candidate still.
Result<void> RemoveCandidateAlias(Store& store, const ExperimentRecord& record, const std::string& reason) {
  const std::optional<AliasRow> row = TRY(FindAlias(store, record.key.model, kCandidateAlias));
  if (!row || row->version != record.candidate) return {};
  const Result<AliasChanged> changed = store.ChangeAlias({.name = record.key.model,
                                                          .alias = kCandidateAlias,
                                                          .expected_sequence = row->sequence,
                                                          .actor = ExperimentActor(record.key),
                                                          .reason = reason,
                                                          .action = "registry.rollback"});
  if (!changed && changed.error().code != ErrorCode::kExists) return std::unexpected(changed.error());
  return {};  // somebody else has changed it meanwhile, and knows why
}

/// Ends what an experiment without a verdict has done to the alias of the candidate: it means again what it meant
/// before, also if that was the candidate.
Result<void> RestoreCandidateAlias(Store& store, const ExperimentRecord& record, const std::string& reason) {
  const std::optional<AliasRow> row = TRY(FindAlias(store, record.key.model, kCandidateAlias));
  const std::string actor = ExperimentActor(record.key);
  if (!row || row->version != record.candidate || row->actor != actor) return {};
  if (!row->from_version) return RemoveCandidateAlias(store, record, reason);
  const Result<AliasChanged> changed = store.ChangeAlias({.name = record.key.model,
                                                          .alias = kCandidateAlias,
                                                          .version = row->from_version,
                                                          .expected_sequence = row->sequence,
                                                          .actor = actor,
                                                          .reason = reason,
                                                          .action = "registry.rollback"});
  if (changed || changed.error().code == ErrorCode::kExists) return {};
  if (changed.error().code != ErrorCode::kNotFound) return std::unexpected(changed.error());
  return RemoveCandidateAlias(store, record, reason);  // the version is gone from the registry
}

std::string ChampionChanged(const ExperimentRecord& record, const std::optional<AliasRow>& champion) {
  if (!champion) return fmt::format("{}@{} was removed", record.key.model, kChampionAlias);
  return fmt::format("{}@{} was changed to {} by {}", record.key.model, kChampionAlias, *champion->version,
                     champion->actor);
}

Result<std::string> LastReason(Store& store, const ExperimentKey& key) {
  const std::vector<ExperimentDecisionRecord> decisions = TRY(store.ListExperimentDecisions(key));
  return decisions.empty() ? std::string() : decisions.back().reason;
}

/// Makes the candidate the champion, unless somebody else has changed the champion meanwhile.
Result<Experiment> Promote(Store& store, const Experiment& experiment) {
  const ExperimentRecord& record = experiment.record;
  const std::string actor = ExperimentActor(record.key);
  const std::optional<AliasRow> champion = TRY(FindAlias(store, record.key.model, kChampionAlias));
  const bool done = champion && champion->version == record.candidate;  // by a step that was interrupted
  if (!done && (!champion || champion->version != record.champion))
    return SetPhase(store, record.key, ExperimentPhase::kStopped, "stop", ChampionChanged(record, champion), actor);
  const std::string reason = TRY(LastReason(store, record.key));
  if (!done) {
    const Result<AliasChanged> changed = store.ChangeAlias({.name = record.key.model,
                                                            .alias = kChampionAlias,
                                                            .version = record.candidate,
                                                            .expected_sequence = champion->sequence,
                                                            .actor = actor,
                                                            .reason = reason});
    if (!changed && changed.error().code == ErrorCode::kExists) return experiment;  // the next step sees by whom
    if (!changed && changed.error().code == ErrorCode::kNotFound) {
      return SetPhase(store, record.key, ExperimentPhase::kStopped, "stop",
                      fmt::format("the candidate {} was removed from the registry", record.candidate), actor);
    }
    TRY(changed);
  }
  TRY(RemoveCandidateAlias(store, record, "the candidate was promoted"));
  return SetPhase(store, record.key, ExperimentPhase::kPromoted, {}, {}, actor);
}

Result<Experiment> RollBack(Store& store, const Experiment& experiment) {
  TRY(RemoveCandidateAlias(store, experiment.record, TRY(LastReason(store, experiment.record.key))));
  return SetPhase(store, experiment.record.key, ExperimentPhase::kRolledBack, {}, {},
                  ExperimentActor(experiment.record.key));
}

Result<GuardrailInput> ReadGuardrails(Store& store, const Experiment& experiment) {
  GuardrailInput input;
  const ExperimentKey& key = experiment.record.key;
  double largest = 0;
  for (const RampStage& stage : experiment.state.stages) largest = std::max(largest, stage.share);
  for (const ExperimentUserCount& count : TRY(store.CountExperimentUsers(key))) {
    const bool candidate = count.arm == NameOf(Arm::kCandidate);
    auto users = std::ranges::find(input.users, count.share, &SeenUsers::share_in_experiment);
    if (users == input.users.end()) users = input.users.insert(users, {.share_in_experiment = count.share});
    (candidate ? users->candidate : users->control) += count.users;
    // Beyond one half, the ramp itself moves users from the control group to the candidate.
    if (candidate || largest <= 0.5) input.users_in_both_arms += count.moved;
  }
  for (const ExperimentCounters& each : TRY(store.ListExperimentCounters(key))) {
    if (each.arm == kComparedCounters) continue;
    const ArmCounters counters = TRY(CountersFromJson(TRY(ParseJson(each.counters, "counters of an experiment"))));
    (each.arm == NameOf(Arm::kCandidate) ? input.candidate : input.control).Add(counters);
  }
  return input;
}

ExperimentEvidence EvidenceOf(const ExperimentPlan& plan, const GuardrailInput& guardrails) {
  ExperimentEvidence evidence;
  // In shadow mode, no user sees the candidate, and its latency delays nobody.
  if (!plan.shadow) evidence.guardrails = CheckGuardrails(guardrails);
  for (const SeenUsers& users : guardrails.users) {
    evidence.candidate_users += users.candidate;
    evidence.control_users += users.control;
  }
  return evidence;
}

/// Counts what waits, and decides.
Result<std::optional<ExperimentChange>> CountAndDecide(const ExperimentInput& input, const ExperimentEvidence& evidence,
                                                       StoreTime until, StoreTime now) {
  if (!input.experiment.active) return std::nullopt;
  Experiment experiment = TRY(ReadExperiment(input.experiment));
  ExperimentState& state = experiment.state;
  if (state.phase != ExperimentPhase::kRunning) return std::nullopt;
  for (const ExperimentReport& report : input.reports) {
    state.complaints.Add({.arm = report.arm == NameOf(Arm::kCandidate) ? Arm::kCandidate : Arm::kControl,
                          .share_in_experiment = report.share},
                         experiment.plan.tests);
  }
  // The models disagree, so that the candidate is wrong if the champion is right.
  for (const ExperimentDisagreement& label : input.labels) state.labels.Add(*label.is_spam == label.champion_is_spam);
  const std::optional<ExperimentDecision> decision = Decide(experiment.plan, state, evidence, now);
  if (!decision && input.reports.empty() && input.labels.empty()) return std::nullopt;
  state.settled_until = std::max(state.settled_until, until);
  ExperimentChange change{.state = ToJson(state).dump(), .active = IsActive(state.phase)};
  if (decision) {
    change.action = NameOf(decision->action);
    change.reason = decision->reason;
    change.actor = ExperimentActor(input.experiment.key);
  }
  return change;
}

Result<DifferenceEstimate> EstimateDifference(Store& store, const ExperimentKey& key) {
  DifferenceEstimate estimate;
  ConfidenceSequence sequence;
  for (const ExperimentDisagreement& each : TRY(store.ListDisagreements(key)))
    if (each.counted_in && each.is_spam) sequence.Add(*each.is_spam == each.champion_is_spam ? 1 : 0);
  for (const ExperimentCounters& each : TRY(store.ListExperimentCounters(key))) {
    const Json json = TRY(ParseJson(each.counters, "counters of an experiment"));
    if (each.arm != kComparedCounters) continue;
    const JsonObject counters = TRY(JsonObject::Of(json, "counters of an experiment"));
    estimate.compared += TRY(counters.Integer("requests")).value_or(0);
    estimate.disagreements += TRY(counters.Integer("disagreements")).value_or(0);
  }
  estimate.labels = sequence.count();
  estimate.wrong = sequence.mean();
  estimate.interval = sequence.interval();
  const double rate =
      estimate.compared > 0 ? static_cast<double>(estimate.disagreements) / static_cast<double>(estimate.compared) : 0;
  estimate.difference = rate * (2 * estimate.wrong - 1);
  estimate.difference_interval = {rate * (2 * estimate.interval.low - 1), rate * (2 * estimate.interval.high - 1)};
  return estimate;
}

std::unexpected<Error> NoneIsRunning(const std::string& model) {
  return Fail(ErrorCode::kNotFound, fmt::format("no experiment of {} is running", model),
              fmt::format("'winnow registry ab {} --candidate VERSION' begins one", model));
}

}  // namespace

std::string ExperimentId(const ExperimentKey& key) { return fmt::format("{}/{}", key.model, key.number); }

std::string ExperimentActor(const ExperimentKey& key) { return "experiment " + ExperimentId(key); }

Result<Experiment> ReadExperiment(const ExperimentRecord& record) {
  return Experiment{.record = record,
                    .plan = TRY(PlanFromJson(TRY(ParseJson(record.plan, "plan of an experiment")))),
                    .state = TRY(StateFromJson(TRY(ParseJson(record.state, "state of an experiment"))))};
}

Result<std::optional<Experiment>> FindNewestExperiment(Store& store, const std::string& model) {
  const std::vector<ExperimentRecord> all = TRY(store.ListExperiments({.model = model}));
  if (all.empty()) return std::nullopt;
  return TRY(ReadExperiment(all.back()));
}

Result<Experiment> StartExperiment(Store& store, const std::string& model, const std::string& candidate,
                                   const ExperimentPlan& plan, const std::string& actor, StoreTime now) {
  TRY(CheckNewPlan(plan));
  const std::vector<AliasRow> aliases = TRY(store.ListAliases(model));
  const std::optional<AliasRow> champion = RowOf(aliases, kChampionAlias);
  if (!champion) {
    return Fail(ErrorCode::kNotFound, fmt::format("{} has no champion to compare a candidate with", model),
                fmt::format("'winnow registry promote {} VERSION' makes a version the champion", model));
  }
  if (champion->version == candidate) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} {} is the champion itself", model, candidate),
                fmt::format("'winnow registry list {}' shows the other versions", model));
  }
  if (!TRY(store.FindModelVersion(model, candidate))) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no version {} of {}", candidate, model),
                fmt::format("'winnow registry list {}' shows the versions", model));
  }
  ExperimentRecord asked;
  asked.key.model = model;
  asked.champion = *champion->version;
  asked.candidate = candidate;
  asked.plan = ToJson(plan).dump();
  asked.state = ToJson(InitialState(plan, now)).dump();
  asked.created_by = actor;
  asked.created_at = now;
  const std::string reason = fmt::format("{} against {}", candidate, asked.champion);
  const ExperimentRecord record = TRY(store.AddExperiment(asked, reason));
  TRY(SetCandidateAlias(store, record));
  return ReadExperiment(record);
}

Result<Experiment> StopExperiment(Store& store, const std::string& model, const std::string& reason,
                                  const std::string& actor) {
  const std::optional<Experiment> newest = TRY(FindNewestExperiment(store, model));
  if (!newest || !newest->record.active) {
    return NoneIsRunning(model);
  }
  const auto stop = PhaseStep(ExperimentPhase::kStopped, "stop", reason, actor);
  // A promotion that has begun may change the champion after this.
  const auto stop_unless_promoting = [&](const ExperimentInput& input) -> Result<std::optional<ExperimentChange>> {
    if (!input.experiment.active || TRY(ReadExperiment(input.experiment)).state.phase != ExperimentPhase::kPromoting)
      return stop(input);
    return Fail(
        ErrorCode::kExists, "the tests have decided, and the candidate is being promoted",
        fmt::format(
            "a server that follows the registry finishes the promotion; 'winnow registry rollback {}' takes it back",
            model));
  };
  const Experiment stopped =
      TRY(ReadExperiment(TRY(store.ChangeExperiment(newest->record.key, StoreTime(), stop_unless_promoting))));
  // It has ended meanwhile, with a verdict.
  if (stopped.state.phase != ExperimentPhase::kStopped) return NoneIsRunning(model);
  TRY(RestoreCandidateAlias(store, stopped.record, "the experiment was stopped"));
  return stopped;
}

Result<Experiment> StepExperiment(Store& store, const ExperimentKey& key, StoreTime now) {
  const std::vector<ExperimentRecord> found = TRY(store.ListExperiments({.model = key.model, .number = key.number}));
  if (found.empty())
    return Fail(ErrorCode::kNotFound, fmt::format("there is no experiment {}", ExperimentId(key)),
                "'winnow registry ab NAME --status' shows the experiments of a model");
  Experiment experiment = TRY(ReadExperiment(found.front()));
  if (!experiment.record.active) return experiment;
  if (experiment.state.phase == ExperimentPhase::kRunning) {
    const std::optional<AliasRow> champion = TRY(FindAlias(store, key.model, kChampionAlias));
    if (!champion || champion->version != experiment.record.champion) {
      const std::string reason = ChampionChanged(experiment.record, champion);
      experiment = TRY(SetPhase(store, key, ExperimentPhase::kStopped, "stop", reason, ExperimentActor(key)));
      TRY(RestoreCandidateAlias(store, experiment.record, reason));
      return experiment;
    }
    // A start that was interrupted, or a change by hand, must not leave servers without the candidate.
    if (!TRY(FindAlias(store, key.model, kCandidateAlias))) TRY(SetCandidateAlias(store, experiment.record));
    const ExperimentEvidence evidence = EvidenceOf(experiment.plan, TRY(ReadGuardrails(store, experiment)));
    const StoreTime until = std::max(experiment.state.settled_until, now - experiment.plan.settle);
    experiment = TRY(ReadExperiment(TRY(store.ChangeExperiment(
        key, until, [&](const ExperimentInput& input) { return CountAndDecide(input, evidence, until, now); }))));
  }
  if (experiment.state.phase == ExperimentPhase::kPromoting) return Promote(store, experiment);
  if (experiment.state.phase == ExperimentPhase::kRollingBack) return RollBack(store, experiment);
  if (!experiment.record.active) TRY(RestoreCandidateAlias(store, experiment.record, "the dry run has ended"));
  return experiment;
}

Result<ExperimentReportCard> ReadReportCard(Store& store, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  ExperimentReportCard card;
  card.guardrails = TRY(ReadGuardrails(store, experiment));
  card.findings = EvidenceOf(experiment.plan, card.guardrails).guardrails;
  card.difference = TRY(EstimateDifference(store, key));
  card.decisions = TRY(store.ListExperimentDecisions(key));
  for (const ExperimentReport& report : TRY(store.ListExperimentReports(key)))
    card.waiting_reports += !report.settled_until;
  for (const ExperimentDisagreement& each : TRY(store.ListDisagreements(key))) card.waiting_labels += !each.is_spam;
  return card;
}

Json ToJson(const ArmCounters& counters) {
  return {{"requests", counters.requests}, {"errors", counters.errors}, {"latency", counters.latency.ToJson()}};
}

Result<ArmCounters> CountersFromJson(const Json& json) {
  const Json* const requests = json.Find("requests");
  const Json* const errors = json.Find("errors");
  const Json* const latency = json.Find("latency");
  ArmCounters counters;
  if (requests == nullptr || !requests->is_number_integer())
    return Fail(ErrorCode::kInvalidData, "the counters of an experiment have no number of requests");
  counters.requests = requests->get<uint64_t>();
  if (errors != nullptr && errors->is_number_integer()) counters.errors = errors->get<uint64_t>();
  if (latency != nullptr) counters.latency = TRY(LatencyHistogram::FromJson(*latency));
  return counters;
}

}  // namespace winnow
