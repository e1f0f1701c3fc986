#include "experiment/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/parse_number.h"

namespace winnow {
namespace {

/// Share of the way to a rollback from which on no more users are exposed to the candidate.
constexpr double kSuspicion = 0.5;

std::string Ratio(double log_evidence) {
  return log_evidence > 13 ? fmt::format("e^{:.0f}", log_evidence) : fmt::format("{:.3g}", std::exp(log_evidence));
}

std::string Times(double margin) {
  return margin == 1 ? std::string("the champion's rate of errors")
                     : fmt::format("{:g} times the champion's rate of errors", margin);
}

std::string ComplaintReason(const SequentialTest& test, std::string_view verdict, double margin, double alpha) {
  return fmt::format(
      "T1: {:.0f} of {} users who reported an error are the candidate's; its rate of errors is {} {} (E = {}, {} or more "
      "decides)",
      test.ones(), test.count(), verdict, Times(margin), Ratio(test.log_evidence()), Ratio(-std::log(alpha)));
}

std::string LabelReason(const SequentialTest& test, double alpha) {
  return fmt::format(
      "T2: the candidate is wrong in {:.0f} of {} disagreements with a blind label (E = {}, {} or more decides)",
      test.ones(), test.count(), Ratio(test.log_evidence()), Ratio(-std::log(alpha)));
}

std::optional<std::string> ReasonToRollBack(const ExperimentPlan& plan, const ExperimentState& state) {
  const double alpha = plan.tests.alpha;
  if (!plan.shadow && state.complaints.rollback.Rejects(alpha))
    return ComplaintReason(state.complaints.rollback, "more than", plan.tests.margin, alpha);
  if (state.labels.rollback.Rejects(alpha)) return LabelReason(state.labels.rollback, alpha);
  return std::nullopt;
}

std::optional<std::string> ReasonToPromote(const ExperimentPlan& plan, const ExperimentState& state) {
  const double alpha = plan.tests.alpha;
  if (!plan.shadow && state.complaints.promotion.Rejects(alpha))
    return ComplaintReason(state.complaints.promotion, "less than", plan.tests.promotion_margin, alpha);
  if (state.labels.promotion.Rejects(alpha)) return LabelReason(state.labels.promotion, alpha);
  return std::nullopt;
}

/// Why the ramp must not go on although its time has come.
std::optional<RampPause> ReasonToPause(const ExperimentPlan& plan, const ExperimentState& state,
                                       const ExperimentEvidence& evidence) {
  const SequentialTest& worst = state.complaints.rollback.log_evidence() > state.labels.rollback.log_evidence()
                                    ? state.complaints.rollback
                                    : state.labels.rollback;
  if (worst.Progress(plan.tests.alpha) >= kSuspicion) {
    return RampPause{
        "suspicion",
        fmt::format("inconclusive: the evidence against the candidate is E = {}, and {} would roll it back; "
                    "no more users get it until that is settled",
                    Ratio(worst.log_evidence()), Ratio(-std::log(plan.tests.alpha)))};
  }
  if (state.stages.size() >= plan.ramp.size()) {
    return RampPause{"inconclusive",
                     fmt::format("inconclusive: the ramp is at its last share, and {} reports and {} blind labels show "
                                 "neither model to be better; the experiment goes on until they do or until "
                                 "'winnow registry ab --stop'",
                                 state.complaints.rollback.count(), state.labels.rollback.count())};
  }
  const int64_t users = std::min(evidence.candidate_users, evidence.control_users);
  if (users < plan.min_users && !plan.shadow) {
    return RampPause{"few_users", fmt::format("inconclusive: an arm has answered {} users so far, and {} are "
                                              "required before the next share",
                                              users, plan.min_users)};
  }
  return std::nullopt;
}

/// Sets the reason of a pause; returns the decision to record if it is another kind of reason.
std::optional<ExperimentDecision> Pause(ExperimentState& state, RampPause pause) {
  const bool same = state.pause && state.pause->code == pause.code;
  state.pause = std::move(pause);
  if (same) return std::nullopt;
  return ExperimentDecision{ExperimentDecision::kPause, state.pause->text};
}

std::optional<ExperimentDecision> Resume(ExperimentState& state) {
  if (!state.pause) return std::nullopt;
  ExperimentDecision decision{ExperimentDecision::kResume, "no longer: " + state.pause->text};
  state.pause.reset();
  return decision;
}

ExperimentDecision End(const ExperimentPlan& plan, ExperimentState& state, ExperimentDecision::Action action,
                       std::string reason) {
  const bool promotes = action == ExperimentDecision::kPromote;
  state.pause.reset();
  state.phase = plan.dry_run ? ExperimentPhase::kStopped
                : promotes   ? ExperimentPhase::kPromoting
                             : ExperimentPhase::kRollingBack;
  if (plan.dry_run) reason = fmt::format("dry run, nothing was changed: {}", reason);
  return {action, std::move(reason)};
}

}  // namespace

std::string_view NameOf(ExperimentPhase phase) {
  switch (phase) {
    case ExperimentPhase::kRunning:
      return "running";
    case ExperimentPhase::kPromoting:
      return "promoting";
    case ExperimentPhase::kRollingBack:
      return "rolling_back";
    case ExperimentPhase::kPromoted:
      return "promoted";
    case ExperimentPhase::kRolledBack:
      return "rolled_back";
    case ExperimentPhase::kStopped:
      break;
  }
  return "stopped";
}

bool IsActive(ExperimentPhase phase) {
  return phase == ExperimentPhase::kRunning || phase == ExperimentPhase::kPromoting ||
         phase == ExperimentPhase::kRollingBack;
}

std::string_view NameOf(ExperimentDecision::Action action) {
  constexpr std::string_view kNames[] = {"start", "advance", "pause", "resume", "roll_back", "promote", "stop"};
  return kNames[action];
}

double ShareAt(const ExperimentState& state, StoreTime time) {
  double share = 0;
  for (const RampStage& stage : state.stages)
    if (stage.since <= time) share = stage.share;
  return share;
}

ExperimentState InitialState(const ExperimentPlan& plan, StoreTime now) {
  ExperimentState state;
  state.stages = {{plan.ramp.front(), now + kStageDelay}};
  state.settled_until = now;
  return state;
}

std::optional<ExperimentDecision> Decide(const ExperimentPlan& plan, ExperimentState& state,
                                         const ExperimentEvidence& evidence, StoreTime now) {
  if (state.phase != ExperimentPhase::kRunning) return std::nullopt;
  if (std::optional<std::string> reason = ReasonToRollBack(plan, state))
    return End(plan, state, ExperimentDecision::kRollBack, std::move(*reason));
  if (!evidence.guardrails.empty()) {
    const GuardrailFinding& finding = evidence.guardrails.front();
    return Pause(state, {finding.guardrail, finding.text});
  }
  const StoreTime since = state.stages.empty() ? now : state.stages.back().since;
  if (now < since + plan.hold) return Resume(state);
  if (std::optional<std::string> reason = ReasonToPromote(plan, state))
    return End(plan, state, ExperimentDecision::kPromote, std::move(*reason));
  if (std::optional<RampPause> pause = ReasonToPause(plan, state, evidence)) return Pause(state, std::move(*pause));
  state.pause.reset();
  state.stages.push_back({plan.ramp[state.stages.size()], now + kStageDelay});
  return ExperimentDecision{ExperimentDecision::kAdvance,
                            fmt::format("the candidate gets {:g} % of the users", 100 * state.stages.back().share)};
}

Result<std::vector<double>> ParseRamp(std::string_view text) {
  std::vector<double> shares;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view number = text.substr(0, comma);
    const std::optional<double> percent = ParseNumber<double>(number);
    if (!percent) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a percentage", number),
                  "give ascending percentages, such as --ramp 1,5,10,25,50");
    }
    shares.push_back(*percent / 100);
    if (comma == std::string_view::npos) return shares;
    text.remove_prefix(comma + 1);
  }
}

Result<std::chrono::milliseconds> ParseHold(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const auto& [letter, milliseconds] : kUnits) {
    if (error == std::errc() && number >= 0 && number <= 36500 && unit.size() == 1 && unit[0] == letter)
      return std::chrono::milliseconds(number * milliseconds);
  }
  return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a duration", text),
              "give a whole number with its unit, such as 90s, 30m, 24h or 7d");
}

Result<void> CheckPlan(const ExperimentPlan& plan) {
  const auto refuse = [](std::string message, std::string hint) {
    return Fail(ErrorCode::kInvalidArgument, std::move(message), std::move(hint));
  };
  if (plan.ramp.empty() || plan.ramp.size() > 100) return refuse("a ramp has 1 to 100 shares", "give fewer shares");
  for (size_t i = 0; i < plan.ramp.size(); ++i) {
    if (!(plan.ramp[i] > 0 && plan.ramp[i] <= 0.95)) {
      return refuse(fmt::format("the candidate cannot get {:g} % of the users", 100 * plan.ramp[i]),
                    "give more than 0 and at most 95 percent: the rest is what the candidate is compared with");
    }
    if (i > 0 && plan.ramp[i] <= plan.ramp[i - 1])
      return refuse("the shares of a ramp must ascend", "give them in order, such as --ramp 1,5,10,25,50");
  }
  for (const double margin : {plan.tests.margin, plan.tests.promotion_margin}) {
    if (!(margin >= 0.01 && margin <= 100)) {
      return refuse(fmt::format("the margin {:g} is not between 0.01 and 100", margin),
                    "a margin is a ratio of rates: 1 for the champion's rate of errors, 1.1 for 10 % more");
    }
  }
  if (!(plan.tests.alpha >= 1e-9 && plan.tests.alpha <= 0.5))
    return refuse(fmt::format("--alpha {:g} is not between 1e-9 and 0.5", plan.tests.alpha), "the default is 0.05");
  for (const double share : {plan.compare_share, plan.label_share}) {
    if (!(share >= 0 && share <= 1)) return refuse("a share must be between 0 and 100 percent", "give a smaller one");
  }
  constexpr std::chrono::milliseconds kLongest = std::chrono::days(36500);  // as in ParseHold
  if (plan.hold > kLongest || plan.settle > kLongest)
    return refuse("a duration is longer than 36500 days", "specify a shorter one");
  if (plan.hold.count() < 0 || plan.settle.count() < 0 || plan.min_users < 0)
    return refuse("durations and numbers of users must not be negative", "leave the option out for its default");
  return {};
}

Result<void> CheckNewPlan(const ExperimentPlan& plan) {
  TRY(CheckPlan(plan));
  const auto refuse = [](std::string_view option, double margin, std::string_view than, std::string_view hint) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} {:g} is {} than 1, which complaints cannot show: once all users who ever report an error "
                    "have done so, both versions have as many reporters, whatever their rates of errors",
                    option, margin, than),
        std::string(hint));
  };
  if (plan.tests.margin < 1) return refuse("--margin", plan.tests.margin, "less", "specify 1 or more");
  if (plan.tests.promotion_margin > 1) {
    return refuse("--promotion-margin", plan.tests.promotion_margin, "more",
                  "specify 1 or less, or stop the experiment and promote the candidate yourself: "
                  "'winnow registry promote NAME VERSION'");
  }
  return {};
}

}  // namespace winnow
