/// An experiment: a candidate version of a model against the champion, on a growing share of the users, and the rules
/// by which it ends. Everything here is a function of its arguments; the store keeps the plan and the state, and
/// whoever computes the next step (experiment/experiment_step.h) replaces the state under compare-and-set.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "experiment/assignment.h"
#include "experiment/guardrails.h"
#include "experiment/reports.h"
#include "store/time_text.h"

namespace winnow {

/// What does not change while an experiment runs.
struct ExperimentPlan {
  TestPlan tests = {};
  std::vector<double> ramp = {0.1};   ///< ascending shares of users in the candidate's arm; see CheckPlan
  std::chrono::milliseconds hold{0};  ///< how long each share of the ramp is kept at least
  /// Both models score every message with a user, the champion's answers are shown, and only blind labels decide.
  bool shadow = false;
  bool dry_run = false;      ///< a decision ends the experiment and changes no alias
  double compare_share = 0;  ///< share of messages that both models score for blind labels; 1 in shadow mode
  double label_share = 1;    ///< share of the disagreements that are drawn for blind labels
  int64_t min_users = 20;    ///< users whom each arm must have answered before the share is raised
  /// Reports wait so long for earlier ones that arrive later; see docs/experiments.md, "Late reports".
  std::chrono::milliseconds settle = std::chrono::minutes(1);
};

/// Checks a plan: 1 to 100 shares, ascending, more than 0, at most 0.95; margins more than 0; alpha between 0 and 0.5.
/// Errors: kInvalidArgument, which name the options of `winnow registry ab`.
Result<void> CheckPlan(const ExperimentPlan& plan);
/// Checks the plan of an experiment that is to begin: CheckPlan; a margin of at least 1 and a promotion margin of at
/// most 1. Complaints cannot show more. Of the users who ever report, those of the better version report later, and
/// once all have, both arms have as many reporters, whatever the rates of errors: then a ratio of 1 speaks against
/// every other one. Experiments that have begun before may have other margins. Errors: as CheckPlan's.
Result<void> CheckNewPlan(const ExperimentPlan& plan);
/// Reads shares in percent, "1,5,10,25,50". Errors: kInvalidArgument.
Result<std::vector<double>> ParseRamp(std::string_view text);
/// Reads "90s", "30m", "24h" or "7d". Errors: kInvalidArgument.
Result<std::chrono::milliseconds> ParseHold(std::string_view text);

enum class ExperimentPhase : uint8_t {
  kRunning,
  kPromoting,    ///< decided for the candidate; the alias is being changed
  kRollingBack,  ///< decided against the candidate; the alias is being removed
  kPromoted,
  kRolledBack,
  kStopped,  ///< ended by a person, by a dry run's decision, or because the champion was changed
};
std::string_view NameOf(ExperimentPhase phase);
/// Returns true until the experiment has ended.
bool IsActive(ExperimentPhase phase);

/// From `since` on, the candidate had this share of the users.
struct RampStage {
  double share = 0;
  StoreTime since = {};
};

/// Why the ramp does not go on.
struct RampPause {
  std::string code = {};  ///< "inconclusive", "suspicion", "few_users" or the name of a guardrail
  std::string text = {};
};

struct ExperimentState {
  ExperimentPhase phase = ExperimentPhase::kRunning;
  std::vector<RampStage> stages = {};  ///< ascending times; the last one may lie in the future for a few seconds
  std::optional<RampPause> pause = {};
  ComplaintTests complaints = {};
  DisagreementTests labels = {};
  StoreTime settled_until = {};  ///< reports of this time and earlier ones have been counted
};

/// Returns the candidate's share at a time: 0 before the experiment began.
double ShareAt(const ExperimentState& state, StoreTime time);

struct ExperimentDecision {
  enum Action : uint8_t { kStart, kAdvance, kPause, kResume, kRollBack, kPromote, kStop };
  Action action = kStart;
  std::string reason = {};  ///< a sentence
};
std::string_view NameOf(ExperimentDecision::Action action);

/// What a decision is made of, besides plan and state.
struct ExperimentEvidence {
  std::vector<GuardrailFinding> guardrails = {};
  int64_t candidate_users = 0, control_users = 0;  ///< numbers of users whom each arm has answered
};

/// Returns the state with which an experiment begins.
ExperimentState InitialState(const ExperimentPlan& plan, StoreTime now);

/// Makes the decision that is due, if there is one, and changes the state accordingly:
/// - T1 (except in shadow mode) or T2 rejects "not worse than the margin": roll back, at once, whatever else holds;
/// - a guardrail fails: the ramp pauses;
/// - the present share has been held long enough, and T1 or T2 rejects "not better than the margin": promote;
/// - it has been held long enough: the next share, unless too few users were seen, or E of a rollback test is halfway
///   (on the logarithmic scale) to a rollback; at the last share the experiment goes on and says that it is
///   inconclusive.
std::optional<ExperimentDecision> Decide(const ExperimentPlan& plan, ExperimentState& state,
                                         const ExperimentEvidence& evidence, StoreTime now);

/// A new share begins so long after its decision that all servers have read of it.
inline constexpr std::chrono::seconds kStageDelay{5};

Json ToJson(const ExperimentPlan& plan);
Json ToJson(const ExperimentState& state);
/// Errors: kInvalidData.
Result<ExperimentPlan> PlanFromJson(const Json& json);
Result<ExperimentState> StateFromJson(const Json& json);

}  // namespace winnow
