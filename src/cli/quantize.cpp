#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/shell.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/documents.h"
#include "cli/field_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "pipeline/quantize_bundle.h"
#include "report/quantization_report.h"

namespace winnow {
namespace {

struct QuantizeCommandOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  QuantizePlan plan;
  std::string target = "server";
};

void Describe(QuantizeCommandOptions& options, OptionTable& table) {
  options.table = &table;
  table.AddPositional("bundle", &options.plan.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table.Group("Output");
  table
      .Add("output", &options.plan.output,
           "Write a separate bundle without float weights; by default INT8 weights are added to BUNDLE")
      .ValueName("DIR")
      .Short('o');
  AddOverwrite(options.plan.overwrite, table,
               "Write into --output even if it contains other files than those of a Winnow model, which stay there");
  AddKeepData(options.plan.keep_data, table);
  AddModelVersion(options.plan.version.version, table, "the next patch version");
  table.Group("Size");
  table
      .Add(
          "target", &options.target,
          "Where the model is to run: INT8 weights for servers; for browsers 4 bits per weight, the tokens in use, and "
          "positions up to the maximum length of texts, in a bundle of its own (--output)")
      .OneOf({"server", "browser"});
  table
      .Add("vocabulary", &options.plan.vocabulary,
           "Largest number of tokens of a bundle for browsers; words without a token of their own are read in smaller "
           "pieces")
      .Range(256, 1 << 24);
  table
      .Add("train-data", &options.plan.train_data,
           "Texts that the model was trained on, whose words the vocabulary of a bundle for browsers must have")
      .ValueName("FILE")
      .Default("the texts that measure the drop");
  table.Group("Accuracy gate");
  table.Add("max-drop", &options.plan.max_drop, "Largest drop in accuracy and in macro-F1 that is accepted")
      .Range(0, 1)
      .Default("0.005; 0.01 for browsers");
  table
      .Add("data", &options.plan.data,
           "Labelled texts that the model was not trained on, to measure the drop (CSV, TSV, JSONL)")
      .ValueName("FILE")
      .Default("calibration.jsonl in BUNDLE");
  table.Group("Reading of files");
  AddTextField(options.plan.reading.text_field, table);
  AddLabelField(options.plan.reading.label_field, table);
  AddFilter(options.plan.reading.filter, table);
  AddFormatOptions(options.plan.reading.format, table);
  AddTrustOptions(options, table);
  table.Example("winnow quantize spam",
                "a quarter of the size and several times faster; refused if accuracy drops too much");
  table.Example("winnow quantize spam --output spam-int8 --data held-out.tsv", "a small bundle to deploy");
  table.Example("winnow quantize intents --target browser --output intents-web --train-data train.csv",
                "for a web page: about a twelfth of the size of MiniLM");
}

/// Says that guarantees were made with other weights, and how they are made again.
Result<std::string> GuaranteeWarning(const std::filesystem::path& bundle) {
  const Manifest manifest = TRY(ReadManifest(bundle));
  std::vector<std::string> line = {"winnow", "calibrate", bundle.string()};
  std::error_code ignored;
  if (!std::filesystem::exists(bundle / kCalibrationTextsFile, ignored)) line.emplace_back("DATA");
  const auto add = [&](const char* option, double value) {
    line.insert(line.end(), {option, fmt::format("{}", value)});
  };
  if (const auto& guarantee = manifest.thresholds.guarantee) add("--max-fpr", guarantee->max_fpr);
  if (manifest.abstain) add("--max-error", manifest.abstain->max_error);
  return "the guarantees were made with the scores of other weights and do not apply to the INT8 weights; to make them "
         "again: " +
         ShellLine(line);
}

Result<QuantizedBundle> Quantize(const QuantizeCommandOptions& options, TrainingObserver& observer) {
  const bool reads = !options.plan.data.empty() || (options.target == "browser" && !options.plan.train_data.empty());
  const OptionEffects effects =
      OptionEffects(options.table)
          .Check(options.target == "browser", {"vocabulary", "train-data"}, "without --target browser")
          .Check(options.plan.output.has_value(), {"overwrite", "keep-data"}, "without --output")
          .Check(reads, kReadingOptionNames, "without --data");
  for (const std::string& warning : effects.warnings()) observer.Warn(warning);
  ThreadPool pool(options.threads);
  QuantizePlan plan = options.plan;
  if (options.target == "browser") plan.target = QuantizeTarget::kBrowser;
  QuantizedBundle done = TRY(QuantizeBundle(plan, pool, observer));
  if (done.guaranteed) observer.Warn(TRY(GuaranteeWarning(done.target)));
  return done;
}

Result<void> Run(const QuantizeCommandOptions& options) {
  HandleInterrupts();
  ConsoleObserver observer;
  const QuantizedBundle done = TRY(Quantize(options, observer));
  return Print(options.json ? QuantizationJson(done.report, done.target).dump(2) + "\n"
                            : QuantizationText(done.report));
}

Result<Json> RunAsFunction(const QuantizeCommandOptions& options, TrainingObserver& observer) {
  const QuantizedBundle done = TRY(Quantize(options, observer));
  return QuantizationJson(done.report, done.target);
}

}  // namespace

Command QuantizeCommand() {
  return MakeCommand<QuantizeCommandOptions>("quantize", "Quantizes weights, unless accuracy drops too much.", Describe,
                                             Run);
}

Result<Json> QuantizeDocument(std::span<const std::string> arguments, TrainingObserver& observer) {
  return DocumentOf<QuantizeCommandOptions>("quantize", arguments, observer, Describe, RunAsFunction);
}

}  // namespace winnow
