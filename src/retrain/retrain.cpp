#include "retrain/retrain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tuple>
#include <utility>

#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/shell.h"
#include "base/streams.h"
#include "base/temporary_directory.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "bundle/model_version.h"
#include "bundle/output_lock.h"
#include "bundle/scope_file.h"
#include "bundle/training_info.h"
#include "classify/scope_rule.h"
#include "data/data_digest.h"
#include "encoder/quantized_model.h"
#include "pipeline/calibrate_bundle.h"
#include "pipeline/data_plan.h"
#include "pipeline/plan_of_model.h"
#include "pipeline/quantize_bundle.h"
#include "pipeline/trained_model.h"
#include "report/metrics_report.h"
#include "report/report_files.h"
#include "report/shown_text.h"
#include "retrain/gate_report.h"
#include "retrain/receipt.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Whether the training chose thresholds per label.
bool TunedThresholds(const TrainingInfo& info) {
  const Json* const labels = info.decision_thresholds.is_object() ? info.decision_thresholds.Find("labels") : nullptr;
  return labels != nullptr && !labels->empty();
}

/// Has the new model calibrated as the champion is now, whether its training or `winnow calibrate` did it: by the same
/// method, with the same guarantees or, without them, the same thresholds. The plan stays as it is where the training
/// did it: a retraining on all texts equals a training.
void KeepCalibration(const Manifest& champion, const TrainingInfo& trained, CalibrationPlan& calibration) {
  const CalibrationPlan now = CalibrationPlanOf(champion);
  if (champion.calibration) calibration.calibration = now.calibration;
  if (now.max_fpr) {
    if (!calibration.max_fpr) calibration.tune_thresholds.reset();
    calibration.confidence = now.confidence;
  } else if (champion.thresholds.labels.empty() && TunedThresholds(trained)) {
    calibration.tune_thresholds = false;
  }
  calibration.max_fpr = now.max_fpr;
  calibration.max_error.reset();
  if (champion.abstain) calibration.max_error = champion.abstain->max_error;
  const Thresholds &thresholds = champion.thresholds, defaults;
  const auto modes = [](const Thresholds& t) { return std::tuple(t.strict, t.moderate, t.lenient); };
  if (!thresholds.guarantee && thresholds.labels.empty() && modes(thresholds) != modes(defaults)) {
    calibration.thresholds = thresholds;
  }
}

/// Returns how the data are read: as in the training of the champion, except for what the plan says.
ReadingOptions ReadingOf(const ReadingOptions& given, const ReadingOptions& recorded, TrainingObserver& observer) {
  ReadingOptions reading = given;
  reading.template_text = recorded.template_text;
  reading.problem_type = recorded.problem_type;
  if (reading.unknown_labels == UnknownLabels::kError) reading.unknown_labels = recorded.unknown_labels;
  std::vector<std::string> kept;
  const auto keep = [&](const char* option, auto& value, const auto& former, const std::string& shown) {
    if (!value.empty() || former.empty()) return;
    value = former;
    kept.push_back(ShellLine({option, shown}));
  };
  keep("--text-field", reading.text_field, recorded.text_field, recorded.text_field);
  keep("--label-field", reading.label_field, recorded.label_field,
       fmt::format("{}", fmt::join(recorded.label_field, ",")));
  keep("--filter", reading.filter, recorded.filter, fmt::format("{}", fmt::join(recorded.filter, " and ")));
  if (!kept.empty()) {
    observer.Note(fmt::format("the data are read as in the training of the model: {}", fmt::join(kept, " ")));
  }
  return reading;
}

Result<TrainingPlan> PlanOf(const RetrainPlan& of, const Manifest& champion, TrainingObserver& observer) {
  const RetrainingPlan retraining = TRY(RetrainingPlanOf(of.champion));
  if (!retraining.exact) {
    LogWarning(
        "{}: an older version of Winnow trained the model, so values that it had chosen by the data, such as C "
        "or the number of epochs, are used again",
        of.champion.string());
  }
  TrainingPlan plan = retraining.plan;
  plan.data.reading = ReadingOf(of.reading, plan.data.reading, observer);
  plan.data.files = of.data;
  plan.data.validation = of.validation;
  plan.data.test = of.test;
  KeepCalibration(champion, TRY(ReadTrainingInfo(of.champion)), plan.calibration);
  const bool kept_data = plan.output.keep_data;
  plan.output = of.output;
  plan.output.keep_data = of.keep_data.value_or(kept_data);
  if (plan.output.name.empty()) plan.output.name = champion.name;
  return plan;
}

/// Quantizes the new model if the champion is quantized, and chooses the thresholds on the scores of the new weights.
Result<void> QuantizeAsChampion(const RetrainPlan& of, const TrainingPlan& plan, ThreadPool& pool,
                                TrainingObserver& observer) {
  std::error_code ignored;
  if (!plan.model.transformer() || !fs::exists(of.champion / kInt8Weights, ignored)) return {};
  if (!plan.output.keep_data) {
    observer.Warn(
        "the new model is not quantized as the present one is: --no-keep-data leaves no texts for it; 'winnow quantize "
        "--data FILE' quantizes it, and --keep-data keeps the texts");
    return {};
  }
  const Result<QuantizedBundle> quantized =
      QuantizeBundle({.bundle = plan.output.dir, .version = {.keep = true}}, pool, observer);
  if (!quantized && quantized.error().code == ErrorCode::kCancelled) return std::unexpected(quantized.error());
  if (!quantized) {
    observer.Warn("the new model is not quantized as the present one is: " + quantized.error().message);
  } else if (plan.calibration.max_fpr || plan.calibration.max_error) {
    TRY(CalibrateBundle({.bundle = plan.output.dir, .calibration = plan.calibration, .version = {.keep = true}}, pool,
                        observer));
  }
  return {};
}

/// Gives the new model a rule for out-of-scope texts if the champion has one: of the same method, with the same bound,
/// and from in-scope texts alone, because a bundle does not contain the out-of-scope texts.
Result<void> KeepScopeRule(const RetrainPlan& of, const TrainingPlan& plan, ThreadPool& pool,
                           TrainingObserver& observer) {
  std::error_code ignored;
  const fs::path file = of.champion / kScopeFile;
  if (!fs::exists(file, ignored)) return {};
  const std::string failed = "the new model does not recognize out-of-scope texts as the present one does: ";
  if (!plan.output.keep_data) {
    observer.Warn(failed + "--no-keep-data leaves no texts for it");
    return {};
  }
  const ScopeRule rule = TRY(ReadScopeRule(file, TRY(ReadTrainingInfo(of.champion)).classes));
  CalibratePlan calibrate{.bundle = plan.output.dir, .version = {.keep = true}};
  calibrate.calibration.calibration = CalibrationChoice::kKeep;
  calibrate.calibration.confidence = rule.confidence;
  calibrate.scope.in_scope_only = true;
  calibrate.scope.choice.method = rule.method;
  calibrate.scope.choice.max_rejected = rule.max_rejected;
  calibrate.scope.choice.label = rule.label;
  const Result<CalibratedBundle> calibrated = CalibrateBundle(calibrate, pool, observer);
  if (!calibrated && calibrated.error().code == ErrorCode::kCancelled) return std::unexpected(calibrated.error());
  if (!calibrated) observer.Warn(failed + calibrated.error().message);
  return {};
}

/// Calibrates with a temperature instead of the champion's method if that needs more texts than there are: `winnow
/// calibrate` may have had more.
Result<void> ChooseMethod(const Split& split, TrainingPlan& plan, TrainingObserver& observer) {
  CalibrationChoice& method = plan.calibration.calibration;
  const CalibrationChoice champion = method;
  if (champion != CalibrationChoice::kVector && champion != CalibrationChoice::kIsotonic) return {};
  const bool held_out = HasHeldOut(split);
  const int32_t positive = TRY(PositiveLabel(plan.data, split.train.labels));
  const Result<void> checked = CheckCalibrationPlan(plan, split.validation, held_out, positive);
  method = CalibrationChoice::kTemperature;
  if (checked || !CheckCalibrationPlan(plan, split.validation, held_out, positive)) {
    method = champion;  // it is not the method that lacks texts
    return {};
  }
  observer.Warn("the new model is calibrated with a temperature and not as the present one is: " +
                checked.error().message);
  return {};
}

Result<void> FinishTraining(const RetrainPlan& of, TrainingPlan plan, Split& split, const AddedFeedback* feedback,
                            ThreadPool& pool, TrainingObserver& observer, Clock::time_point begin,
                            Retraining& retraining) {
  TRY(ChooseMethod(split, plan, observer));
  TRY(AugmentTrainingPart(plan, split, observer));
  retraining.trained = TRY(Train(plan, split, pool, observer, begin));
  if (of.feedback == FeedbackUse::kSelected) TRY(QuantizeAsChampion(of, plan, pool, observer));
  TRY(KeepScopeRule(of, plan, pool, observer));
  retraining.receipt = TRY(RetrainReceipt(of.data, feedback, plan.output.dir));
  if (of.receipt) TRY(AppendReceipt(*of.receipt, retraining.receipt));
  return {};
}

Result<Retraining> RetrainOnAll(const RetrainPlan& of, TrainingPlan plan, ThreadPool& pool, TrainingObserver& observer,
                                Clock::time_point begin) {
  const ScopedTemporaryDirectory directory = TRY(ScopedTemporaryDirectory::Make("retrain"));
  std::optional<AddedFeedback> feedback;
  if (of.store != nullptr) {
    feedback = TRY(AddAllFeedback(*of.store, of.selection.least_weight, directory.path(), plan));
    LogInfo("{}: {} text{} of feedback", of.store->name(), feedback->rows, feedback->rows == 1 ? "" : "s");
  }
  if (plan.data.files.empty())
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "specify --data FILE, or a --store with feedback");
  if (of.data.empty() && feedback && feedback->labels.size() == 1 && plan.data.reading.problem_type != "multi") {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the feedback has only the label '{}'", ShownText(feedback->labels.front())),
                "add the data of the first training with --data");
  }
  { TRY(BundleWriter::Begin(plan.output.dir, plan.output.overwrite)); }  // before the work, not after it
  Split split = TRY(ReadParts(plan, observer));
  Retraining retraining;
  TRY(FinishTraining(of, plan, split, feedback ? &*feedback : nullptr, pool, observer, begin, retraining));
  return retraining;
}

Result<OutputLock> LockRetraining(const fs::path& output) {
  fs::path target = TRY(ResolveTarget(output));
  target += ".retrain";
  Result<OutputLock> lock = OutputLock::Take(target);
  if (lock || lock.error().code != ErrorCode::kExists) return lock;
  return Fail(ErrorCode::kExists, fmt::format("{}: another retraining is running", output.string()),
              "wait until it is finished");
}

/// What the champion's training had of the feedback.
std::optional<StoreTime> TrainedUntil(const TrainingInfo& champion) {
  const Json* const until = champion.retraining.is_object() ? champion.retraining.Find("feedback_until") : nullptr;
  return until != nullptr && until->is_string() ? ParseTimeText(until->get<std::string>()) : std::nullopt;
}

/// The digest of the base data of the champion's training part.
std::string BaseDigest(const TrainingInfo& champion) {
  const Json* const base = champion.retraining.is_object() ? champion.retraining.Find("base_sha256") : nullptr;
  return base != nullptr && base->is_string() ? base->get<std::string>() : champion.data_sha256;
}

Result<void> WriteReview(const fs::path& file, const FeedbackSelection& selection) {
  std::string lines;
  for (const DisputedText& text : selection.disputed)
    lines += Json({{"text", text.text}, {"why", text.why}, {"votes", text.votes}}).dump() + "\n";
  return WriteOutputFile(file, lines);
}

Result<void> CheckSelectedPlan(const RetrainPlan& of) {
  if (of.store == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "there is no feedback to retrain on", "specify --store URL");
  }
  if (of.data.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the data of the first training are missing",
                "specify --data FILE; feedback alone is not a sample of the texts to come");
  }
  TRY(RequireOtherDirectory(of.output.dir, of.champion));
  if (of.review) TRY(CheckOutputFile(*of.review, of.data));
  if (of.must_pass) TRY(ReadMustPass(*of.must_pass));  // before the work, not after it
  return of.report ? PrepareReportDirectory(*of.report) : Result<void>();
}

/// The gate's report, also if the challenger has just taken the place of an earlier one.
Result<GateReport> ExamineChallenger(const RetrainPlan& of, const ReadingOptions& reading, const Dataset& test,
                                     const std::string& base_sha256, const TrainingInfo& champion,
                                     std::optional<StoreTime> promoted_at, ThreadPool& pool) {
  GatePlan gate{.champion = of.champion,
                .challenger = of.output.dir,
                .bounds = of.bounds,
                .origin = {.files = of.data,
                           .fields = {.text = reading.text_field, .labels = reading.label_field},
                           .format = reading.format},
                .store = of.store,
                .audits_since = promoted_at,
                .must_pass = of.must_pass};
  if (of.test) gate.origin.files = {*of.test};
  GateReport report = TRY(MeasureGate(gate, test, pool));
  if (!of.test && BaseDigest(champion) != base_sha256) {
    report.notes.push_back(
        "the test texts are held out from the data, which are not those of the champion's training: it may have been "
        "trained on some of them, and then looks better than it is; --test names a file that no model is trained on");
  }
  if (of.report) TRY(WriteGateReport(report, *of.report));
  return report;
}

Result<Retraining> RetrainOnSelected(const RetrainPlan& of, TrainingPlan plan, const Manifest& manifest,
                                     ThreadPool& pool, TrainingObserver& observer, Clock::time_point begin) {
  TRY(CheckSelectedPlan(of));
  const OutputLock lock = TRY(LockRetraining(plan.output.dir));
  const TrainingInfo champion = TRY(ReadTrainingInfo(of.champion));
  const std::optional<StoreTime> promoted_at = of.promoted_at ? of.promoted_at : ParseTimeText(champion.timestamp);
  Retraining retraining{.champion_version = manifest.version};
  Split split = TRY(ReadParts(plan, observer));
  if (split.test.examples.empty()) {
    return Fail(ErrorCode::kInvalidData, "the gate needs test texts, and the data have no test part",
                "specify --test FILE, or more --data");
  }
  const std::string base_sha256 = DataSha256(split.train), test_sha256 = DataSha256(split.test);
  retraining.feedback = TRY(AddSelectedFeedback(*of.store, of.selection, TrainedUntil(champion), promoted_at,
                                                plan.data.reading, split, observer));
  const SelectedFeedback& feedback = *retraining.feedback;
  if (of.review) TRY(WriteReview(*of.review, feedback.selection));
  retraining.not_trained = feedback.selection.too_few;
  if (retraining.not_trained.empty() && of.why_not_train) {
    retraining.not_trained = TRY(of.why_not_train(DataSha256(split.train)));
  }
  if (!retraining.not_trained.empty()) return retraining;

  plan.output.resume = plan.model.transformer();  // linear models have no checkpoints
  plan.output.begin_again = true;
  if (!plan.output.version.version) plan.output.version.version = NextMinorVersion(manifest.version);
  plan.output.retraining = {{"champion", manifest.name},
                            {"champion_version", manifest.version},
                            {"base_sha256", base_sha256},
                            {"test_sha256", test_sha256},
                            {"feedback_texts", feedback.added.rows},
                            {"feedback_sha256", feedback.added.sha256},
                            {"feedback_until", TimeText(feedback.selection.until)},
                            {"audits", feedback.audits}};
  TRY(FinishTraining(of, plan, split, &feedback.added, pool, observer, begin, retraining));
  retraining.version = TRY(ReadManifest(plan.output.dir)).version;
  retraining.gate = TRY(ExamineChallenger(of, plan.data.reading, split.test, base_sha256, champion, promoted_at, pool));
  return retraining;
}

}  // namespace

Result<Retraining> Retrain(const RetrainPlan& plan, ThreadPool& pool, TrainingObserver& observer,
                           Clock::time_point begin) {
  if (plan.receipt) TRY(CheckOutputFile(*plan.receipt, plan.data));
  for (const fs::path& file : plan.data) {
    if (CanBeReadTwice(file)) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--data {}: standard input and pipes cannot be used, because the receipt has the digest of "
                            "each file",
                            file.string()),
                "save the data to a file first");
  }
  const Manifest champion = TRY(ReadManifest(plan.champion));
  TrainingPlan training = TRY(PlanOf(plan, champion, observer));
  if (plan.feedback == FeedbackUse::kAll) return RetrainOnAll(plan, std::move(training), pool, observer, begin);
  return RetrainOnSelected(plan, std::move(training), champion, pool, observer, begin);
}

Json RetrainingJson(const Retraining& retraining) {
  const bool trained = retraining.not_trained.empty();
  Json json = trained ? TrainingInfoJson(retraining.trained.info) : Json::object();
  if (trained) {
    json["positive_label"] = PositiveLabelJson(retraining.trained.metrics);
    json["receipt"] = retraining.receipt;
  }
  json["retrained"] = trained;
  if (!trained) json["reason"] = retraining.not_trained;
  if (retraining.feedback) {
    json["feedback"] = retraining.feedback->selection.ToJson();
    json["feedback"]["audits"] = retraining.feedback->audits;
    json["champion_version"] = retraining.champion_version;
  }
  if (!retraining.version.empty()) json["version"] = retraining.version;
  if (retraining.gate) json["gate"] = GateJson(*retraining.gate);
  return json;
}

std::string RetrainingText(const Retraining& retraining) {
  if (!retraining.not_trained.empty()) return fmt::format("Not retrained: {}.\n", ShownText(retraining.not_trained));
  const TrainedModel& trained = retraining.trained;
  std::string text = fmt::format("On {} {} texts:\n{}", FormatCount(trained.metrics.count),
                                 trained.has_test ? "test" : "validation", ReportText(trained.metrics));
  if (retraining.gate) text += "\n" + GateText(*retraining.gate);
  return text;
}

}  // namespace winnow
