#include <cmath>

#include "experiment/experiment.h"

namespace winnow {
namespace {

Json TestJson(const SequentialTest& test) {
  return {{"log_evidence", test.log_evidence()}, {"ones", test.ones()}, {"count", test.count()}};
}

Error Damaged(std::string_view what) {
  return {ErrorCode::kInvalidData, fmt::format("the record of an experiment has no valid '{}'", what),
          "it was changed by hand, or written by a newer version of Winnow"};
}

Result<double> NumberOf(const Json& json, const char* name) {
  const Json* const number = json.is_object() ? json.Find(name) : nullptr;
  if (number == nullptr || !number->is_number() || !std::isfinite(number->get<double>()))
    return std::unexpected(Damaged(name));
  return number->get<double>();
}

Result<int64_t> IntegerOf(const Json& json, const char* name) {
  const Json* const number = json.is_object() ? json.Find(name) : nullptr;
  if (number == nullptr || !number->is_number_integer()) return std::unexpected(Damaged(name));
  return number->get<int64_t>();
}

Result<bool> FlagOf(const Json& json, const char* name) {
  const Json* const flag = json.is_object() ? json.Find(name) : nullptr;
  if (flag == nullptr || !flag->is_boolean()) return std::unexpected(Damaged(name));
  return flag->get<bool>();
}

Result<std::string> TextOf(const Json& json, const char* name) {
  const Json* const text = json.is_object() ? json.Find(name) : nullptr;
  if (text == nullptr || !text->is_string()) return std::unexpected(Damaged(name));
  return text->str();
}

Result<StoreTime> TimeOf(const Json& json, const char* name) {
  const std::optional<StoreTime> time = ParseTimeText(TRY(TextOf(json, name)));
  if (!time) return std::unexpected(Damaged(name));
  return *time;
}

Result<const Json*> ListOf(const Json& json, const char* name) {
  const Json* const list = json.is_object() ? json.Find(name) : nullptr;
  if (list == nullptr || !list->is_array()) return std::unexpected(Damaged(name));
  return list;
}

Result<SequentialTest> TestOf(const Json& json, const char* name, TestDirection direction, double strength) {
  const Json* const test = json.is_object() ? json.Find(name) : nullptr;
  if (test == nullptr) return std::unexpected(Damaged(name));
  return SequentialTest::Restore(direction, strength, TRY(NumberOf(*test, "log_evidence")),
                                 TRY(NumberOf(*test, "ones")), TRY(IntegerOf(*test, "count")));
}

}  // namespace

Json ToJson(const ExperimentPlan& plan) {
  return {{"margin", plan.tests.margin},     {"promotion_margin", plan.tests.promotion_margin},
          {"alpha", plan.tests.alpha},       {"ramp", plan.ramp},
          {"hold_ms", plan.hold.count()},    {"shadow", plan.shadow},
          {"dry_run", plan.dry_run},         {"compare_share", plan.compare_share},
          {"label_share", plan.label_share}, {"min_users", plan.min_users},
          {"settle_ms", plan.settle.count()}};
}

Json ToJson(const ExperimentState& state) {
  Json stages = Json::array();
  for (const RampStage& stage : state.stages)
    stages.push_back({{"share", stage.share}, {"since", TimeText(stage.since)}});
  Json json = {{"stages", std::move(stages)},
               {"rollback", TestJson(state.complaints.rollback)},
               {"promotion", TestJson(state.complaints.promotion)},
               {"label_rollback", TestJson(state.labels.rollback)},
               {"label_promotion", TestJson(state.labels.promotion)},
               {"settled_until", TimeText(state.settled_until)}};
  json["phase"] = NameOf(state.phase);
  if (state.pause) json["pause"] = {{"code", state.pause->code}, {"text", state.pause->text}};
  return json;
}

Result<ExperimentPlan> PlanFromJson(const Json& json) {
  ExperimentPlan plan;
  plan.tests.margin = TRY(NumberOf(json, "margin"));
  plan.tests.promotion_margin = TRY(NumberOf(json, "promotion_margin"));
  plan.tests.alpha = TRY(NumberOf(json, "alpha"));
  plan.ramp.clear();
  for (const Json& share : *TRY(ListOf(json, "ramp"))) {
    if (!share.is_number()) return std::unexpected(Damaged("ramp"));
    plan.ramp.push_back(share.get<double>());
  }
  plan.hold = std::chrono::milliseconds(TRY(IntegerOf(json, "hold_ms")));
  plan.shadow = TRY(FlagOf(json, "shadow"));
  plan.dry_run = TRY(FlagOf(json, "dry_run"));
  plan.compare_share = TRY(NumberOf(json, "compare_share"));
  plan.label_share = TRY(NumberOf(json, "label_share"));
  plan.min_users = TRY(IntegerOf(json, "min_users"));
  plan.settle = std::chrono::milliseconds(TRY(IntegerOf(json, "settle_ms")));
  TRY(CheckPlan(plan));
  return plan;
}

Result<ExperimentState> StateFromJson(const Json& json) {
  constexpr ExperimentPhase kPhases[] = {ExperimentPhase::kRunning,     ExperimentPhase::kPromoting,
                                         ExperimentPhase::kRollingBack, ExperimentPhase::kPromoted,
                                         ExperimentPhase::kRolledBack,  ExperimentPhase::kStopped};
  ExperimentState state;
  const std::string name = TRY(TextOf(json, "phase"));
  const auto phase = std::ranges::find(kPhases, name, [](ExperimentPhase each) { return NameOf(each); });
  if (phase == std::end(kPhases)) return std::unexpected(Damaged("phase"));
  state.phase = *phase;
  for (const Json& stage : *TRY(ListOf(json, "stages")))
    state.stages.push_back({TRY(NumberOf(stage, "share")), TRY(TimeOf(stage, "since"))});
  if (const Json* const pause = json.Find("pause"))
    state.pause = {TRY(TextOf(*pause, "code")), TRY(TextOf(*pause, "text"))};
  constexpr double kStrength = 10;
  state.complaints.rollback = TRY(TestOf(json, "rollback", TestDirection::kTooManyOnes, kStrength));
  state.complaints.promotion = TRY(TestOf(json, "promotion", TestDirection::kTooFewOnes, kStrength));
  state.labels.rollback =
      TRY(TestOf(json, "label_rollback", TestDirection::kTooManyOnes, DisagreementTests::kStrength));
  state.labels.promotion =
      TRY(TestOf(json, "label_promotion", TestDirection::kTooFewOnes, DisagreementTests::kStrength));
  state.settled_until = TRY(TimeOf(json, "settled_until"));
  return state;
}

}  // namespace winnow
