#include <fmt/format.h>

#include <string>

#include "base/interrupt.h"
#include "base/json.h"
#include "calibrate/calibration_text.h"
#include "calibrate/scope_text.h"
#include "cli/calibration_options.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/documents.h"
#include "cli/field_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "cli/scope.h"
#include "pipeline/calibrate_bundle.h"

namespace winnow {
namespace {

struct CalibrateCommandOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  CalibratePlan plan;
};

void Describe(CalibrateCommandOptions& options, OptionTable& table) {
  options.table = &table;
  CalibratePlan& plan = options.plan;
  table.AddPositional("bundle", &plan.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table
      .AddPositional(
          "data", &plan.data,
          "Labelled texts that the model was not trained on: CSV, TSV, JSON, JSONL or fastText files, optionally "
          "gzip-compressed")
      .Default("calibration.jsonl in BUNDLE");
  table.Group("Data");
  AddTextField(plan.reading.text_field, table);
  AddLabelField(plan.reading.label_field, table);
  AddFilter(plan.reading.filter, table);
  AddFormatOptions(plan.reading.format, table);
  AddUnknownLabels(plan.reading.unknown_labels, table);
  table.Add("force", &plan.force, "Accept texts that the model was apparently trained on");
  table.Group("Calibration");
  AddCalibrationOptions(plan.calibration, table, /*of_a_bundle=*/true);
  AddScopeOptions(plan.scope, table);
  table.Group("Calibration");
  table
      .Add("threshold", &plan.threshold,
           "Decision threshold of the moderate mode, in place of --max-fpr and its guarantee; those of the strict and "
           "the lenient mode are as far from it in log-odds as 0.3 and 0.7 are from 0.5")
      .MoreThan(0)
      .Range(0, 0.9999);
  table.Add(
      "reset", &plan.reset,
      "Reset the decision thresholds to the defaults (strict 0.3, moderate 0.5, lenient 0.7), and remove abstention; the "
      "calibration is fitted again, unless --calibration keep is specified");
  AddWeightsOption(plan.weights, table);
  table.Group("Output");
  table.Add("output", &plan.output, "Write the calibrated model into this directory, and leave BUNDLE unchanged")
      .ValueName("DIR")
      .Short('o');
  AddOverwrite(plan.overwrite, table);
  AddKeepData(plan.keep_data, table);
  AddModelVersion(plan.version.version, table,
                  "the next patch version if predictions change or with --output, otherwise the present version");
  table.Add("dry-run", &plan.dry_run, "Show the result without writing anything");
  table.Describe(
      "Guarantee of the decision thresholds: if future texts are like the calibration set, at most the share "
      "--max-fpr of the negatives is assigned the positive label, with confidence --confidence. Guarantee of "
      "abstention: of all future texts, at most the share --max-error gets a wrong prediction that is not marked as "
      "an abstention. The calibration set in a BUNDLE with a transformer was also used to select the best epoch, so with it "
      "the guarantees hold only approximately; for exact guarantees, specify DATA.");
  AddTrustOptions(options, table);
  table.Example("winnow calibrate spam recent.tsv --max-fpr .02",
                "at most 2 % of the negatives are flagged, with 95 % confidence");
  table.Example("winnow calibrate spam --calibration keep --threshold .9", "flag only what is at least 90 % spam");
  table.Example("winnow calibrate spam recent.tsv --max-error .01 --dry-run",
                "number of texts that would go to review");
}

Result<void> CheckCalibratePlan(const CalibratePlan& plan) {
  if (plan.threshold && (plan.calibration.max_fpr || plan.reset)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--threshold and {} cannot be combined", plan.reset ? "--reset" : "--max-fpr"),
                "both choose the decision thresholds");
  }
  if (plan.scope.remove && plan.scope.chosen()) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("--no-out-of-scope, which removes out-of-scope detection, cannot be combined with {}, which "
                    "adds it",
                    plan.scope.outside.empty() ? "--in-scope-only" : "--out-of-scope"),
        "omit one of these options");
  }
  return {};
}

/// Warns of options that have no effect on this calibration.
void WarnOfOptions(const CalibrateCommandOptions& options, TrainingObserver& observer) {
  const CalibratePlan& plan = options.plan;
  const OptionEffects effects =
      OptionEffects(options.table)
          .Check(!plan.data.empty(), kReadingOptionNames, "without DATA")
          .Check(!plan.data.empty(), {"unknown-labels"}, "without DATA")
          .Check(plan.output.has_value(), {"overwrite", "keep-data"}, "without --output")
          .Check(plan.scope.chosen(), {"max-rejected", "scope-method", "scope-label"},
                 "without --out-of-scope or --in-scope-only")
          .Check(plan.scope.outside.empty(), {"in-scope-only"}, "with --out-of-scope")
          .Check(plan.calibration.max_fpr || plan.scope.chosen(), {"confidence"},
                 "without --max-fpr, --out-of-scope or --in-scope-only; a guarantee that is kept keeps its own level");
  for (const std::string& warning : effects.warnings()) observer.Warn(warning);
}

Json DocumentOfCalibrated(const CalibratedBundle& done, bool written) {
  Json document = {{"bundle", done.target.string()}, {"version", done.manifest.version}, {"written", written}};
  document.update(CalibrationReportJson(done.calibration, done.manifest));
  if (done.scope) document["out_of_scope"] = ScopeFitJson(*done.scope);
  return document;
}

Result<void> Run(const CalibrateCommandOptions& options) {
  TRY(CheckCalibratePlan(options.plan));
  HandleInterrupts();
  ThreadPool pool(options.threads);
  ConsoleObserver observer;
  WarnOfOptions(options, observer);
  const CalibratedBundle done = TRY(CalibrateBundle(options.plan, pool, observer));
  if (options.json) return Print(DocumentOfCalibrated(done, !options.plan.dry_run).dump(2) + "\n");
  return Print(CalibrationReportText(done.calibration) + (done.scope ? "\n" + ScopeFitText(*done.scope) : ""));
}

Result<Json> RunAsFunction(const CalibrateCommandOptions& options, TrainingObserver& observer) {
  TRY(CheckCalibratePlan(options.plan));
  WarnOfOptions(options, observer);
  ThreadPool pool(options.threads);
  return DocumentOfCalibrated(TRY(CalibrateBundle(options.plan, pool, observer)), !options.plan.dry_run);
}

}  // namespace

Command CalibrateCommand() {
  return MakeCommand<CalibrateCommandOptions>("calibrate", "Calibrates probabilities and sets decision thresholds.",
                                              Describe, Run);
}

Result<Json> CalibrateDocument(std::span<const std::string> arguments, TrainingObserver& observer) {
  return DocumentOf<CalibrateCommandOptions>("calibrate", arguments, observer, Describe, RunAsFunction);
}

}  // namespace winnow
