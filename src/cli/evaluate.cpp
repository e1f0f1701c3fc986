#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/shell.h"
#include "calibrate/calibration_set.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/data_options.h"
#include "cli/documents.h"
#include "cli/field_options.h"
#include "cli/folds.h"
#include "cli/given_options.h"
#include "cli/labelled_data.h"
#include "cli/output.h"
#include "cli/report_options.h"
#include "cli/scope.h"
#include "pipeline/base_model.h"
#include "pipeline/plan_of_model.h"
#include "report/metrics_report.h"
#include "report/report_files.h"
#include "report/robustness_report.h"
#include "report/verdict.h"

namespace winnow {
namespace {

struct EvaluateOptions : LabelledDataOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::filesystem::path bundle;
  std::vector<std::filesystem::path> data;
  std::optional<double> threshold;
  std::optional<LongText> long_text;
  std::optional<bool> fold_disguises;
  bool robustness = false;
  std::vector<std::filesystem::path> out_of_scope;
  std::optional<int> folds;
  uint64_t seed = 42;
  ReportFilesOptions report;
};

void Describe(EvaluateOptions& options, OptionTable& table) {
  options.table = &table;
  table.AddPositional("bundle", &options.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table
      .AddPositional("data", &options.data,
                     "Labelled texts: CSV, TSV, JSON, JSONL or fastText files, optionally gzip-compressed")
      .Required();
  AddLabelledDataOptions(options, table);
  AddThresholdOption(options.threshold, table);
  AddLongTextOption(options.long_text, table);
  AddReportOptions(options.report, table);
  AddFoldDisguisesOption(options.fold_disguises, table);
  table.Group("Out-of-scope detection");
  table
      .Add("out-of-scope", &options.out_of_scope,
           "Measure out-of-scope detection instead of classification: FILE contains out-of-scope texts, DATA in-scope "
           "texts")
      .ValueName("FILE");
  table.Group("Robustness");
  table.Add("robustness", &options.robustness,
            "Measure robustness to obfuscation instead of classification: look-alike letters, leetspeak, invisible "
            "characters, spaced letters, typos and others, with and without --fold-disguises");
  table.Group("Cross-validation");
  table
      .Add("folds", &options.folds,
           "Cross-validation with N folds: instead of measuring BUNDLE, train its configuration again, once per "
           "fold on the other folds, and measure each model on its held-out fold; no model is saved")
      .AtLeast(2);
  table.Add("seed", &options.seed, "Random seed of the folds and of the obfuscation");
  table.Describe(
      "With --folds, the base model, hyperparameters, text template and labels are taken from BUNDLE. To "
      "cross-validate without a trained model, run winnow train DATA --folds K with the options of the training run.");
  AddTrustOptions(options, table);
  table.Example("winnow evaluate spam held-out.tsv", "metrics with their confidence intervals");
  table.Example("winnow evaluate spam held-out.tsv --report report",
                "the metrics with charts, as a page: report/report.html");
  table.Example("winnow evaluate spam held-out.tsv --against spam-small",
                "whether another model is significantly better");
  table.Example("winnow evaluate spam sms.tsv --folds 5", "cross-validated metrics of this configuration");
}

/// The command that makes the report again.
std::string CommandLine(const EvaluateOptions& options) {
  std::vector<std::string> line = {"winnow", "evaluate", options.bundle.string()};
  const auto add = [&](const char* name, const std::string& value) {
    line.emplace_back(name);
    line.push_back(value);
  };
  const auto add_given = [&](const char* name, const std::string& value) {
    if (!value.empty()) add(name, value);
  };
  for (const std::filesystem::path& file : options.data) line.push_back(file.string());
  add_given("--text-field", options.reading.text_field);
  for (const std::string& field : options.reading.label_field) add("--label-field", field);
  for (const std::string& filter : options.reading.filter) add("--filter", filter);
  const FormatOptions& format = options.reading.format;
  add_given("--format", format.format);
  add_given("--delimiter", format.delimiter);
  add_given("--quoting", format.quoting);
  if (format.no_header) line.emplace_back("--no-header");
  add_given("--encoding", format.encoding);
  if (options.reading.unknown_labels != UnknownLabels::kError) {
    add("--unknown-labels", std::string(NameOf(options.reading.unknown_labels)));
  }
  if (options.mode != Mode::kModerate) add("--mode", std::string(ModeName(options.mode)));
  if (options.threshold) add("--threshold", fmt::format("{}", *options.threshold));
  if (options.weights != Weights::kAuto) add("--weights", options.weights == Weights::kInt8 ? "int8" : "float");
  if (options.long_text) add("--long-text", std::string(NameOf(*options.long_text)));
  if (options.fold_disguises) add("--fold-disguises", *options.fold_disguises ? "on" : "off");
  if (options.folds) {
    add("--folds", std::to_string(*options.folds));
    add("--seed", std::to_string(options.seed));
  }
  if (options.report.against) add("--against", options.report.against->string());
  if (options.report.report) add("--report", options.report.report->string());
  if (!options.report.texts) line.emplace_back("--no-texts");
  return ShellLine(line);
}

ReportCommand ReportCommandOf(const EvaluateOptions& options) {
  return {
      .data = options.data,
      .fields = {.text = options.reading.text_field, .labels = options.reading.label_field},
      .format = options.reading.format,
      .filter = FilterOf(options),
      .mode = options.threshold ? fmt::format("threshold {}", *options.threshold) : std::string(ModeName(options.mode)),
      .line = CommandLine(options),
      .folds = options.folds.value_or(0),
      .with_texts = options.report.texts};
}

Result<void> CheckOptions(const EvaluateOptions& options) {
  if (options.folds && (options.mode != Mode::kModerate || options.threshold || options.weights != Weights::kAuto ||
                        options.long_text)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--folds cannot be combined with --mode, --threshold, --weights and --long-text, which apply to a "
                "trained model",
                "omit --mode, --threshold, --weights and --long-text");
  }
  if (options.folds && options.report.against) {
    return Fail(ErrorCode::kInvalidArgument,
                "--against, which compares trained models, cannot be combined with --folds, which trains new ones",
                "omit one of these options");
  }
  if (options.folds && (options.robustness || options.fold_disguises)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--folds, which trains new models, cannot be combined with --robustness and --fold-disguises, which "
                "measure BUNDLE",
                "omit one of these options");
  }
  if (options.robustness && options.fold_disguises) {
    return Fail(ErrorCode::kInvalidArgument,
                "--robustness cannot be combined with --fold-disguises, because it measures with and without folding",
                "omit --fold-disguises");
  }
  if (!options.out_of_scope.empty() &&
      (options.folds || options.robustness || options.report.report || options.report.against)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--out-of-scope cannot be combined with --folds, --robustness, --report and --against",
                "run winnow evaluate once with --out-of-scope and once without");
  }
  if (options.report.against) TRY(CheckReadForEachModel(options.data, "--against"));
  if (options.robustness && (options.report.report || options.report.against)) {
    return Fail(ErrorCode::kInvalidArgument, "--robustness cannot be combined with --report and --against",
                "omit --report and --against");
  }
  if (options.report.report) TRY(PrepareReportDirectory(*options.report.report));
  return {};
}

/// Reads the texts, and notes what was read if `observer` is not null or reading failed.
Result<Dataset> Read(const EvaluateOptions& options, const BundleClassifier& classifier, TrainingObserver* observer,
                     size_t& left_out) {
  ReadReport read;
  Result<Dataset> dataset = ReadLabelledData(classifier, options.data, options.reading, read);
  if (observer != nullptr) {
    for (const std::string& line : Lines(read.Text())) observer->Note(line);
  } else if (!dataset) {
    for (const std::string& line : Lines(read.Text())) LogInfo("{}", line);
  }
  left_out = read.Dropped(DropReason::kUnknownLabel);
  return dataset;
}

Result<void> EvaluateFolds(const EvaluateOptions& options, const Dataset& dataset, size_t left_out, ThreadPool& pool) {
  const TrainingPlan plan = TRY(PlanOfModel(options.bundle));
  FoldsReport report;
  if (options.report.report) {
    report = [&](CrossValidated& done) -> Result<void> {
      MeasuredModel measured = TRY(MeasuredOfFolds(options.bundle, {.dataset = std::move(done.tested),
                                                                    .probabilities = std::move(done.probabilities),
                                                                    .decided = std::move(done.decided),
                                                                    .pooled = done.result.pooled}));
      measured.left_out = left_out;
      return WriteReport(TRY(MakeReport(ReportCommandOf(options), measured, nullptr)), *options.report.report);
    };
  }
  return RunFolds(plan, dataset, {.folds = *options.folds, .seed = options.seed}, options.json, pool, report);
}

/// The second model's answers to the texts that both know; the others are taken out of `dataset`.
Result<MeasuredModel> MeasureSecond(const EvaluateOptions& options, Dataset& dataset, ThreadPool& pool) {
  const std::filesystem::path& bundle = *options.report.against;
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(bundle, pool, options.weights, options.long_text, options.fold_disguises));
  if (const Result<void> mode = classifier.CheckMode(options.mode); !mode) {
    return Fail(mode.error().code, "--against " + bundle.string() + ": " + mode.error().message, mode.error().hint);
  }
  if (classifier.multi_label() != dataset.multi_label) {
    return Fail(ErrorCode::kInvalidArgument,
                "--against: a single-label model cannot be compared with a multi-label model",
                "specify two models of the same kind");
  }
  size_t unknown = 0;
  Result<Dataset> texts = Read(options, classifier, /*observer=*/nullptr, unknown);
  if (!texts) {
    texts.error().message = "--against " + bundle.string() + ": " + texts.error().message;
    return std::unexpected(texts.error());
  }
  const size_t left_out = TRY(KeepCommonTexts(dataset, *texts));
  const ClassifyOptions decide = TRY(DecideBy(options.mode, options.threshold));
  MeasuredModel second = TRY(MeasureOnTexts(bundle, classifier, *std::move(texts), decide));
  second.left_out = left_out;
  return second;
}

/// The model to be measured, and how.
struct Measuring {
  BundleClassifier classifier;
  ClassifyOptions decide;
  Dataset dataset;
  size_t left_out = 0;
};

/// Finds the models, and reads the texts. Changes `options` to the directories of the models.
Result<Measuring> BeginMeasuring(EvaluateOptions& options, ThreadPool& pool, TrainingObserver& observer) {
  options.bundle = TRY(FindModel(options.bundle, observer));
  if (options.report.against) options.report.against = TRY(FindModel(*options.report.against, observer));
  TRY(CheckOptions(options));
  const OptionEffects effects =
      OptionEffects(options.table)
          .Check(options.folds || options.robustness, {"seed"}, "without --folds or --robustness")
          .Check(options.report.report || options.report.against, {"texts"}, "without --report or --against");
  for (const std::string& warning : effects.warnings()) observer.Warn(warning);
  Measuring measuring{
      .classifier = TRY(BundleClassifier::Load(options.bundle, pool, options.weights, options.long_text,
                                               options.robustness ? std::optional(false) : options.fold_disguises)),
      .decide = TRY(DecideBy(options.mode, options.threshold)),
      .dataset = {}};
  TRY(measuring.classifier.CheckOptions(measuring.decide));
  TRY(measuring.classifier.CheckMode(measuring.decide.mode));
  measuring.dataset = TRY(Read(options, measuring.classifier, &observer, measuring.left_out));
  if (options.folds) return measuring;  // which trains on these texts
  const std::string warning = TrainingTextsWarning(options.bundle, measuring.dataset, measuring.classifier);
  if (!warning.empty()) observer.Warn(warning);
  return measuring;
}

/// Metrics of the model, what they mean in words and, if it is compared with another one, the comparison.
struct Measurement {
  Metrics metrics;
  std::string verdict;
  std::optional<EvaluationReport> report;

  const EvaluationReport* against() const { return report && report->against ? &*report : nullptr; }
};

/// Measures the model, and writes the report that --report asks for.
Result<Measurement> MeasureModel(const EvaluateOptions& options, Measuring measuring, ThreadPool& pool) {
  std::optional<MeasuredModel> second;
  if (options.report.against) second = TRY(MeasureSecond(options, measuring.dataset, pool));
  MeasuredModel first =
      TRY(MeasureOnTexts(options.bundle, measuring.classifier, std::move(measuring.dataset), measuring.decide));
  first.left_out = measuring.left_out;
  Measurement done{.metrics = first.metrics,
                   .verdict = EvaluationVerdict(first.metrics, MajorityOf(first.decided.truth)),
                   .report = {}};
  if (!options.report.report && !second) return done;
  done.report = TRY(MakeReport(ReportCommandOf(options), first, second ? &*second : nullptr));
  if (options.report.report) TRY(WriteReport(*done.report, *options.report.report));
  return done;
}

Json MeasurementJson(const Measurement& done) {
  Json json = ReportJson(done.metrics);
  json["verdict"] = done.verdict;
  if (done.against() != nullptr) json["against"] = ComparedJson(*done.against());
  return json;
}

Result<void> PrintMeasurement(const EvaluateOptions& options, const Measurement& done) {
  if (options.json) return Print(MeasurementJson(done).dump() + "\n");
  return Print(ReportText(done.metrics) + "\n" + done.verdict + "\n" +
               (done.against() != nullptr ? "\n" + ComparedText(*done.against()) : ""));
}

Result<void> Run(const EvaluateOptions& given) {
  HandleInterrupts();
  EvaluateOptions options = given;
  ConsoleObserver observer;
  ThreadPool pool(options.threads);
  Measuring measuring = TRY(BeginMeasuring(options, pool, observer));
  if (options.folds) return EvaluateFolds(options, measuring.dataset, measuring.left_out, pool);
  if (!options.out_of_scope.empty()) {
    return RunScopeEvaluation(measuring.classifier, measuring.dataset, options.out_of_scope, measuring.decide,
                              options.json);
  }
  if (options.robustness) {
    return Print(TRY(RobustnessReport(options.bundle, measuring.classifier, measuring.dataset,
                                      {.seed = options.seed, .classify = measuring.decide}, options.json)));
  }
  return PrintMeasurement(options, TRY(MeasureModel(options, std::move(measuring), pool)));
}

Result<Json> RunAsFunction(const EvaluateOptions& given, TrainingObserver& observer) {
  if (given.folds || given.robustness || !given.out_of_scope.empty()) {
    const char* const name = given.folds ? "folds" : given.robustness ? "robustness" : "out-of-scope";
    return Fail(ErrorCode::kUnsupported, fmt::format("--{} is available on the command line only", name),
                fmt::format("run winnow evaluate --{}, or omit the option", name));
  }
  EvaluateOptions options = given;
  ThreadPool pool(options.threads);
  Measuring measuring = TRY(BeginMeasuring(options, pool, observer));
  return MeasurementJson(TRY(MeasureModel(options, std::move(measuring), pool)));
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>("evaluate", "Measures a model on labelled texts, with confidence intervals.",
                                      Describe, Run);
}

Result<Json> EvaluateDocument(std::span<const std::string> arguments, TrainingObserver& observer) {
  return DocumentOf<EvaluateOptions>("evaluate", arguments, observer, Describe, RunAsFunction);
}

}  // namespace winnow
