#include "experiment/experiment_status.h"

#include <fmt/format.h>

#include <cmath>

namespace winnow {
namespace {

std::string Line(std::string_view name, const std::string& text) { return fmt::format("{:<11}{}\n", name, text); }

/// Returns E for people: "3.2", or "10^14".
std::string EvidenceText(const SequentialTest& test) {
  const double log10 = test.log_evidence() / std::log(10.0);
  return log10 >= 4 ? fmt::format("10^{:.0f}", std::floor(log10))
                    : fmt::format("{:.3g}", std::exp(test.log_evidence()));
}

std::string TestText(const SequentialTest& rollback, const SequentialTest& promotion, double alpha) {
  return fmt::format("E for rolling back {}, for promoting {}; {:.3g} decides", EvidenceText(rollback),
                     EvidenceText(promotion), 1 / alpha);
}

std::string ShareText(const Experiment& experiment) {
  const ExperimentState& state = experiment.state;
  if (!experiment.record.active || state.stages.empty()) return "none: the experiment has ended";
  const RampStage& stage = state.stages.back();
  std::string text = fmt::format("{:g} % of the users since {}", 100 * stage.share, TimeText(stage.since));
  for (size_t i = state.stages.size(); i < experiment.plan.ramp.size(); ++i)
    text += fmt::format("{}{:g}", i == state.stages.size() ? "; then " : ", ", 100 * experiment.plan.ramp[i]);
  if (state.stages.size() < experiment.plan.ramp.size())
    text += fmt::format(" %, each after at least {:g} h", static_cast<double>(experiment.plan.hold.count()) / 3.6e6);
  return text;
}

std::string ArmText(const ArmCounters& counters) {
  return fmt::format("{} ({} failed), 50 % within {:.2f} ms, 95 % within {:.2f} ms", counters.requests, counters.errors,
                     1000 * counters.latency.Quantile(0.5), 1000 * counters.latency.Quantile(0.95));
}

std::string DifferenceText(const DifferenceEstimate& difference) {
  if (difference.labels == 0) return "no disagreement has a blind label";
  return fmt::format(
      "the candidate makes {:+.2f} errors per 1,000 messages (95 %: {:+.2f} to {:+.2f}); the models disagree about {} of "
      "{} messages",
      1000 * difference.difference, 1000 * difference.difference_interval.low,
      1000 * difference.difference_interval.high, difference.disagreements, difference.compared);
}

std::pair<int64_t, int64_t> UsersOf(const GuardrailInput& input) {
  std::pair<int64_t, int64_t> users;
  for (const SeenUsers& seen : input.users) {
    users.first += seen.candidate;
    users.second += seen.control;
  }
  return users;
}

Json DecidedTestJson(const SequentialTest& test, double alpha) {
  return {{"log_evidence", test.log_evidence()},
          {"candidates", test.ones()},
          {"count", test.count()},
          {"decides", test.Rejects(alpha)}};
}

Json ArmJson(const ArmCounters& counters) {
  return {{"answers", counters.requests},
          {"failed", counters.errors},
          {"median_seconds", counters.latency.Quantile(0.5)},
          {"p95_seconds", counters.latency.Quantile(0.95)}};
}

Json IntervalJson(const MeanInterval& interval) { return Json::array({interval.low, interval.high}); }

}  // namespace

std::string StatusText(const Experiment& experiment, const ExperimentReportCard& card) {
  const auto& [record, plan, state] = experiment;
  const double alpha = plan.tests.alpha;
  std::string text = fmt::format("{}: {}, {} against the champion {}{}{}\n", ExperimentId(record.key),
                                 NameOf(state.phase), record.candidate, record.champion,
                                 plan.shadow ? ", in shadow mode" : "", plan.dry_run ? ", dry run" : "");
  text += Line("share", ShareText(experiment));
  if (state.pause) text += Line("paused", state.pause->text);
  const SequentialTest& complaints = state.complaints.rollback;
  text +=
      Line("T1", plan.shadow ? "complaints do not count in shadow mode"
                             : fmt::format("{:.0f} of {} users who reported an error are the candidate's, {} wait; {}",
                                           complaints.ones(), complaints.count(), card.waiting_reports,
                                           TestText(complaints, state.complaints.promotion, alpha)));
  const SequentialTest& labels = state.labels.rollback;
  text += Line(
      "T2",
      fmt::format("the candidate is wrong in {:.0f} of {} disagreements with a blind label, {} wait for one; {}",
                  labels.ones(), labels.count(), card.waiting_labels, TestText(labels, state.labels.promotion, alpha)));
  text += Line("T3", DifferenceText(card.difference));
  const auto [candidate, control] = UsersOf(card.guardrails);
  text += Line("users", fmt::format("{} saw the candidate, {} the control group, {} both", candidate, control,
                                    card.guardrails.users_in_both_arms));
  text += Line("answers", "candidate " + ArmText(card.guardrails.candidate));
  text += Line("", "control " + ArmText(card.guardrails.control));
  for (const GuardrailFinding& finding : card.findings) text += Line("guardrail", finding.text);
  for (const ExperimentDecisionRecord& decision : card.decisions)
    text += fmt::format("{} {:<9} {}\n", TimeText(decision.created_at), decision.action, decision.reason);
  return text;
}

Json StatusJson(const Experiment& experiment, const ExperimentReportCard& card) {
  const auto& [record, plan, state] = experiment;
  const double alpha = plan.tests.alpha;
  const auto [candidate, control] = UsersOf(card.guardrails);
  Json guardrails = Json::array(), decisions = Json::array();
  for (const GuardrailFinding& finding : card.findings)
    guardrails.push_back({{"guardrail", finding.guardrail}, {"text", finding.text}});
  for (const ExperimentDecisionRecord& decision : card.decisions) {
    decisions.push_back(
        {{"time", TimeText(decision.created_at)}, {"action", decision.action}, {"reason", decision.reason}});
  }
  const DifferenceEstimate& difference = card.difference;
  return {
      {"experiment", ExperimentId(record.key)},
      {"phase", Json(NameOf(state.phase))},
      {"active", record.active},
      {"champion", record.champion},
      {"candidate", record.candidate},
      {"plan", ToJson(plan)},
      {"share", record.active && !state.stages.empty() ? state.stages.back().share : 0.0},
      {"pause", state.pause ? Json(state.pause->text) : Json()},
      {"complaints",
       {{"rollback", DecidedTestJson(state.complaints.rollback, alpha)},
        {"promotion", DecidedTestJson(state.complaints.promotion, alpha)},
        {"waiting", card.waiting_reports}}},
      {"labels",
       {{"rollback", DecidedTestJson(state.labels.rollback, alpha)},
        {"promotion", DecidedTestJson(state.labels.promotion, alpha)},
        {"waiting", card.waiting_labels}}},
      {"difference",
       {{"labels", difference.labels},
        {"candidate_wrong", difference.wrong},
        {"candidate_wrong_interval", IntervalJson(difference.interval)},
        {"compared", difference.compared},
        {"disagreements", difference.disagreements},
        {"errors_per_message", difference.difference},
        {"errors_per_message_interval", IntervalJson(difference.difference_interval)}}},
      {"users", {{"candidate", candidate}, {"control", control}, {"both", card.guardrails.users_in_both_arms}}},
      {"answers", {{"candidate", ArmJson(card.guardrails.candidate)}, {"control", ArmJson(card.guardrails.control)}}},
      {"guardrails", std::move(guardrails)},
      {"decisions", std::move(decisions)}};
}

}  // namespace winnow
