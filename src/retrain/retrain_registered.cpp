#include "retrain/retrain_registered.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/environment.h"
#include "base/json_or_null.h"
#include "retrain/gate_report.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The part of NAME or NAME@ALIAS before the alias.
std::string NameWithoutVersion(const std::string& model) { return model.substr(0, model.find('@')); }

std::string AliasOf(const std::string& model) {
  const size_t at = model.find('@');
  return at == std::string::npos ? kChampion : model.substr(at + 1);
}

/// Returns when the alias was set to this version; nothing if it means another one.
Result<std::optional<StoreTime>> PromotedAt(Registry& registry, const std::string& model, const std::string& version) {
  for (const AliasRow& row : TRY(registry.Aliases(NameWithoutVersion(model)))) {
    if (row.alias == AliasOf(model) && row.version == version) return row.created_at;
  }
  return std::optional<StoreTime>();
}

/// Whether the version has become what the policy makes of a challenger that passes; not if a run was killed before.
Result<bool> Published(Registry& registry, const ModelVersion& version, PromotePolicy promote) {
  if (promote != PromotePolicy::kChallenger) return promote == PromotePolicy::kNone;
  constexpr int kRows = 1000;
  for (const AliasRow& row : TRY(registry.History(version.name, kChallenger, kRows))) {
    if (row.version == version.version) return true;
  }
  return false;
}

/// The reason not to train on texts of this digest, if a challenger of the champion that has passed the gate was
/// trained on them: the next run without new feedback would push the same model again.
Result<std::string> WhyNotTrain(Registry& registry, const ModelVersion& champion, PromotePolicy promote,
                                const std::string& data_sha256) {
  for (const ModelVersion& listed : TRY(registry.Versions(champion.name))) {  // the highest one first
    if (listed.version == champion.version) break;
    const Result<ModelVersion> version = registry.Show(fmt::format("{}:{}", listed.name, listed.version));
    if (!version && version.error().code == ErrorCode::kNotFound) continue;  // somebody has removed it just now
    if (!version) return std::unexpected(version.error());
    if (version->parent != champion.version || version->data_sha256 != data_sha256) continue;
    if (!TRY(Published(registry, *version, promote))) continue;
    return fmt::format("{} {} was trained on these texts and passed the gate", listed.name, listed.version);
  }
  return std::string();
}

/// Pushes the challenger and has the alias of the policy mean it.
Result<void> Publish(Registry& registry, const RegisteredRetrainPlan& plan, const ModelVersion& champion,
                     RegisteredRetraining& done) {
  const std::string reason = fmt::format("retrained from {} on {} texts of feedback; passed the gate", champion.version,
                                         done.retraining.feedback->added.rows);
  const Pushed pushed = TRY(registry.Push({.bundle = plan.work_dir / "challenger",
                                           .name = NameWithoutVersion(plan.model),
                                           .bump = Bump::kAuto,
                                           .parent = champion.version,
                                           .command = plan.command}));
  done.pushed = pushed.version;
  if (done.retraining.version != pushed.version.version) {  // somebody else has pushed one meanwhile
    done.retraining.version = pushed.version.version;
    GateReport& gate = *done.retraining.gate;
    gate.challenger = fmt::format("{} {}", pushed.version.name, pushed.version.version);
    if (plan.plan.report) TRY(WriteGateReport(gate, *plan.plan.report));
  }
  if (plan.promote == PromotePolicy::kNone) return {};
  PromoteRequest promote{
      .name = pushed.version.name, .version = pushed.version.version, .alias = kChallenger, .reason = reason};
  if (plan.promote == PromotePolicy::kChampion) {
    promote.alias = AliasOf(plan.model);
    promote.expect = champion.version;
  }
  done.promoted = TRY(registry.Promote(promote)).row;
  return {};
}

}  // namespace

Result<RegisteredRetraining> RetrainRegistered(Registry& registry, const RegisteredRetrainPlan& of, ThreadPool& pool,
                                               TrainingObserver& observer,
                                               std::chrono::steady_clock::time_point begin) {
  const ModelVersion champion = TRY(registry.Show(of.model));
  RegisteredRetrainPlan plan = of;
  plan.plan.feedback = FeedbackUse::kSelected;
  plan.plan.champion = of.work_dir / "champion";
  plan.plan.output.dir = of.work_dir / "challenger";
  plan.plan.output.name = champion.name;
  if (std::optional<std::string>& version = plan.plan.output.version.version; !version)
    version = TRY(registry.NextVersion(champion));  // which the report of the gate names
  if (!plan.plan.promoted_at) plan.plan.promoted_at = TRY(PromotedAt(registry, of.model, champion.version));
  plan.plan.why_not_train = [&](const std::string& data_sha256) {
    return WhyNotTrain(registry, champion, plan.promote, data_sha256);
  };
  observer.Note(fmt::format("the champion is {} {}", champion.name, champion.version));
  TRY(registry.Pull(champion, plan.plan.champion, /*overwrite=*/false));
  RegisteredRetraining done{.retraining = TRY(Retrain(plan.plan, pool, observer, begin))};
  if (done.retraining.gate && done.retraining.gate->passed) TRY(Publish(registry, plan, champion, done));
  return done;
}

Result<fs::path> DefaultWorkDirectory(const std::string& model) {
  const fs::path part = fs::path("retrain") / NameWithoutVersion(model);
  if (const auto state = StateDirectory()) return state->path / part;
  return Fail(ErrorCode::kInvalidArgument, "there is no directory for the checkpoints", "specify --work-dir DIR");
}

Json RegisteredRetrainingJson(const RegisteredRetraining& done) {
  Json json = RetrainingJson(done.retraining);
  json["pushed"] = done.pushed ? Json(done.pushed->version) : Json();
  json["promoted"] = Json();
  if (done.promoted) {
    json["promoted"] = {{"alias", done.promoted->alias},
                        {"version", done.promoted->version.value_or("")},
                        {"from", OrNull(done.promoted->from_version)}};
  }
  return json;
}

std::string RegisteredRetrainingText(const RegisteredRetraining& done) {
  std::string text = RetrainingText(done.retraining);
  if (done.pushed) text += fmt::format("Pushed as {}:{}.\n", done.pushed->name, done.pushed->version);
  if (done.promoted) {
    text += fmt::format("{}@{}: {} -> {}\n", done.promoted->name, done.promoted->alias,
                        done.promoted->from_version.value_or("(none)"), done.promoted->version.value_or("(none)"));
  }
  return text;
}

}  // namespace winnow
