#include "pipeline/train.h"

#include <fmt/format.h>

#include <chrono>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/calibration_texts.h"
#include "bundle/directory.h"
#include "calibrate/calibration_text.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/documents.h"
#include "cli/export.h"
#include "cli/folds.h"
#include "cli/output.h"
#include "cli/teacher_comparison.h"
#include "cli/train_options.h"
#include "data/label_sets.h"
#include "pipeline/calibrate_bundle.h"
#include "pipeline/data_plan.h"
#include "pipeline/quantize_bundle.h"
#include "report/metrics_report.h"
#include "report/quantization_report.h"
#include "report/verdict.h"

namespace winnow {
namespace {

/// Quantizes the trained bundle, and returns what --json prints of it.
Result<Json> Quantize(const QuantizePlan& plan, ThreadPool& pool, TrainingObserver& observer) {
  const QuantizedBundle done = TRY(QuantizeBundle(plan, pool, observer));
  for (const std::string& line : Lines(QuantizationText(done.report))) observer.Note(line);
  return QuantizationJson(done.report, done.target);
}

/// The texts that measure what the quantization of a trained model costs: those of --validation, otherwise the ones in
/// the model. DATA are the texts that it was trained on, and taken only if there are no others.
std::vector<std::filesystem::path> HeldOutFiles(const TrainingPlan& plan) {
  if (plan.data.validation) return {*plan.data.validation};
  if (Exists(plan.output.dir / kCalibrationTextsFile) || plan.data.files.empty()) return {};
  LogWarning("{} contains no {}: the drop of the INT8 weights is measured on DATA, which may be the training texts",
             plan.output.dir.string(), kCalibrationTextsFile);
  return plan.data.files;
}

/// --skip-training: the model that is there is exported, and quantised if that is asked for.
Result<void> RunWithoutTraining(const TrainCommandOptions& options, const TrainingPlan& plan) {
  HandleInterrupts();
  Json report;
  ExportPlan onnx{.bundle = plan.output.dir, .version = plan.output.version};
  if (options.quantize) {
    ThreadPool pool(options.threads);
    ConsoleObserver observer;
    report["quantization"] = TRY(Quantize({.bundle = plan.output.dir,
                                           .data = HeldOutFiles(plan),
                                           .reading = plan.data.reading,
                                           .max_drop = options.max_drop,
                                           .version = plan.output.version},
                                          pool, observer));
    onnx.formats.push_back(OnnxFormat::kInt8);
  }
  Json& files = report["onnx"] = Json::array();
  for (const ExportedFile& file : TRY(ExportWithProgress(std::move(onnx)))) {
    files.push_back(ExportedFileJson(file));
    LogInfo("wrote {}", file.path.string());
  }
  return options.json ? Print(report.dump(2) + "\n") : Result<void>();
}

/// Where the model goes when nobody said: models/PRESET-BASE.
std::filesystem::path DefaultOutput(const std::string& preset, const ModelPlan& model) {
  const std::string prefix = std::filesystem::path(preset).stem().string();
  return std::filesystem::path("models") /
         (prefix + "-" +
          (model.transformer() ? std::filesystem::path(model.base_model).filename().string() : model.kind));
}

/// The target is looked at first: finding it full of other things after the training would be late.
Result<void> CheckTarget(const OutputPlan& output, TrainingObserver& observer) {
  const BundleWriter bundle = TRY(BundleWriter::Begin(output.dir, output.overwrite));
  if (bundle.replaces_model()) {
    observer.Warn(output.dir.string() + " contains a model, which is replaced when the new one is complete");
  }
  return {};
}

Result<void> CheckOptions(const TrainCommandOptions& options, const TrainingPlan& plan) {
  if (plan.data.files.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "usage: winnow train DATA... --output-dir DIR");
  }
  if (options.quantize && !plan.output.keep_data) {
    return Fail(ErrorCode::kInvalidArgument,
                "--quantize cannot be combined with --no-keep-data, because it needs the validation texts",
                "omit one of these options, or run: winnow quantize --data FILE");
  }
  if (options.quantize && !plan.model.transformer()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--quantize applies to transformers only, but --kind is " + plan.model.kind,
                "omit one of these options");
  }
  std::error_code ignored;
  if (plan.distillation.teacher && std::filesystem::equivalent(*plan.distillation.teacher, plan.output.dir, ignored)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--teacher and --output-dir are the same directory, but student and teacher are compared at the end",
                "specify another directory with --output-dir");
  }
  return {};
}

/// What is done with a bundle once it is trained: `document` gets what --json prints of it.
Result<void> Finish(const TrainCommandOptions& options, const TrainingPlan& plan, const Dataset& reported,
                    ThreadPool& pool, TrainingObserver& observer, Json& document) {
  if (plan.distillation.teacher) document["compared_with_teacher"] = TRY(CompareWithTeacher(plan, reported, pool));
  if (!options.quantize) return {};
  document["quantization"] = TRY(
      Quantize({.bundle = plan.output.dir, .max_drop = options.max_drop, .version = {.keep = true}}, pool, observer));
  if (plan.calibration.max_fpr) {
    // The scores of the float weights chose the thresholds, and INT8 weights predict now.
    const CalibratedBundle done = TRY(CalibrateBundle(
        {.bundle = plan.output.dir, .calibration = plan.calibration, .version = {.keep = true}}, pool, observer));
    for (const std::string& line : Lines(CalibrationReportText(done.calibration))) observer.Note(line);
  }
  return {};
}

/// A trained model, and what --json prints of it.
struct Finished {
  TrainedModel model;
  Json document;
  std::string verdict;
};

/// Trains by a plan whose output directory is known.
Result<Finished> TrainAndFinish(const TrainCommandOptions& options, const TrainingPlan& plan,
                                TrainingObserver& observer) {
  const auto begin = std::chrono::steady_clock::now();
  ThreadPool pool(options.threads);
  for (const std::string& line : OptionsWithoutEffect(options)) observer.Warn(line);
  TRY(CheckTarget(plan.output, observer));
  Split split = TRY(ReadParts(plan, observer));
  TRY(AugmentTrainingPart(plan, split, observer));
  Finished done{.model = TRY(Train(plan, split, pool, observer, begin)), .document = {}, .verdict = {}};
  const TrainedModel& trained = done.model;
  const Dataset& reported = trained.has_test ? split.test : split.validation;
  done.document = TrainingInfoJson(trained.info);
  done.document["positive_label"] = PositiveLabelJson(trained.metrics);
  done.verdict = VerdictLine(trained.metrics, MajorityOf(LabelSets(reported)), trained.untuned_labels);
  done.document["verdict"] = done.verdict;
  TRY(Finish(options, plan, reported, pool, observer, done.document));
  if (!trained.has_test) {
    // C and other parameters of a linear model are selected by cross-validation on the training texts.
    const char* const tuned = plan.calibration.tune_thresholds.value_or(false) ? " and the decision thresholds" : "";
    observer.Warn(fmt::format(
        "there is no test part: the metrics are computed on the validation texts, which were also used to {}{}",
        plan.model.transformer() ? "select the best epoch" : "fit the calibration",
        plan.model.transformer() ? "" : tuned));
  }
  return done;
}

Result<void> Run(const TrainCommandOptions& options) {
  if (options.folds) return RunTrainingFolds(options);
  TrainingPlan plan = TRY(PlanOf(options));
  if (plan.output.dir.empty()) {
    if (!options.preset) {
      return Fail(ErrorCode::kInvalidArgument, "--output-dir is required",
                  "usage: winnow train DATA... --output-dir DIR");
    }
    plan.output.dir = DefaultOutput(*options.preset, plan.model);
    LogInfo("the model will be written to {}", plan.output.dir.string());
  }
  if (options.skip_training) return RunWithoutTraining(options, plan);
  TRY(CheckOptions(options, plan));
  HandleInterrupts();
  ConsoleObserver observer;
  const Finished done = TRY(TrainAndFinish(options, plan, observer));
  if (options.json) return Print(done.document.dump(2) + "\n");
  return Print(fmt::format("On {} {} texts{}:\n{}{}\n", FormatCount(done.model.metrics.count),
                           done.model.has_test ? "test" : "validation", options.quantize ? ", with float weights" : "",
                           ReportText(done.model.metrics), done.verdict));
}

Result<Json> RunAsFunction(const TrainCommandOptions& options, TrainingObserver& observer) {
  if (options.folds || options.skip_training) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("--{} is available on the command line only", options.folds ? "folds" : "skip-training"),
                "run winnow train with this option, or omit it");
  }
  const TrainingPlan plan = TRY(PlanOf(options));
  if (plan.output.dir.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--output-dir is required", "specify the directory of the new model");
  }
  TRY(CheckOptions(options, plan));
  return TRY(TrainAndFinish(options, plan, observer)).document;
}

}  // namespace

Command TrainCommand() {
  return MakeCommand<TrainCommandOptions>("train", "Fine-tunes a classifier on labelled texts and reports its metrics.",
                                          AddTrainOptions, Run);
}

Result<Json> TrainDocument(std::span<const std::string> arguments, TrainingObserver& observer) {
  return DocumentOf<TrainCommandOptions>("train", arguments, observer, AddTrainOptions, RunAsFunction);
}

}  // namespace winnow
