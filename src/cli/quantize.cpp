#include "cli/quantize.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/lines.h"
#include "base/log.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "calibrate/calibration_set.h"
#include "classify/bundle_classifier.h"
#include "classify/scope_rule.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "quantize/quantize.h"

namespace winnow {
namespace {

struct QuantizeCommandOptions : CommonOptions {
  std::filesystem::path bundle;
  std::optional<std::filesystem::path> output;
  std::vector<std::filesystem::path> data;
  double max_drop = .005;
  bool overwrite = false;
};

void Describe(QuantizeCommandOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.Group("Output");
  table
      .Add("output", &options.output,
           "Write a separate bundle without float weights; by default INT8 weights are added to BUNDLE")
      .ValueName("DIR");
  AddOverwrite(options.overwrite, table, "Replace --output, whatever it contains");
  table.Group("Gate");
  table.Add("max-drop", &options.max_drop, "Largest drop in accuracy and in macro-F1 that is accepted").Range(0, 1);
  table
      .Add("data", &options.data,
           "Labelled texts that the model was not trained on, to measure the drop (CSV, TSV, JSONL)")
      .ValueName("FILE")
      .Default("calibration.jsonl in BUNDLE");
  table.Example("winnow quantize spam",
                "a quarter of the size and several times faster; refused if accuracy drops too much");
  table.Example("winnow quantize spam --output spam-int8 --data held-out.tsv", "a small bundle to deploy");
}

/// The held-out texts, with the bundle's labels.
Result<Dataset> ReadHeldOut(const QuantizeRecipe& recipe, const BundleClassifier& classifier) {
  if (recipe.data.empty()) return ReadCalibrationSet(recipe.bundle, classifier);
  ReadOptions read;
  read.labels = LabelSet{classifier.labels()};
  read.problem_type = classifier.multi_label() ? ProblemType::kMulti : ProblemType::kSingle;
  read.template_text = classifier.manifest().text_template;
  ReadReport report;
  Result<Dataset> dataset = ReadDataset(recipe.data, read, report);
  for (const std::string& warning : report.warnings) LogWarning("{}", warning);
  return dataset;
}

Json ReportJson(const QuantizeReport& report, const std::filesystem::path& target) {
  Json bf16 = Json::array();
  for (size_t l = 0; l < report.plan.bf16_layers.size(); ++l) {
    if (report.plan.bf16_layers[l]) bf16.push_back(l);
  }
  return {{"bundle", target.string()},
          {"texts", report.before.count},
          {"accuracy", {{"float", report.before.accuracy}, {"int8", report.after.accuracy}}},
          {"f1_macro", {{"float", report.before.f1_macro}, {"int8", report.after.f1_macro}}},
          {"agreement", report.agreement},
          {"bf16_layers", bf16},
          {"bf16_embeddings", report.plan.bf16_words},
          {"float_bytes", report.float_bytes},
          {"int8_bytes", report.quantized_bytes}};
}

std::string ReportLines(const QuantizeReport& report) {
  const auto megabytes = [](int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  const auto kept = std::ranges::count(report.plan.bf16_layers, true);
  std::string lines = fmt::format(
      "On {} held-out texts:\n"
      "               float     INT8\n"
      "  accuracy    {:6.4f}   {:6.4f}\n"
      "  macro-F1    {:6.4f}   {:6.4f}\n"
      "  weights  {:6.1f} MB {:5.1f} MB\n"
      "{:.2f} % of the texts get the same labels.\n",
      report.before.count, report.before.accuracy, report.after.accuracy, report.before.f1_macro, report.after.f1_macro,
      megabytes(report.float_bytes), megabytes(report.quantized_bytes), 100 * report.agreement);
  if (kept > 0 || report.plan.bf16_words) {
    lines += fmt::format("To preserve accuracy, {} of {} layers{} use bf16.\n", kept, report.plan.bf16_layers.size(),
                         report.plan.bf16_words ? " and the token embeddings" : "");
  }
  return lines;
}

struct Quantized {
  QuantizeReport report;
  std::filesystem::path target;
  bool guaranteed;  ///< thresholds, abstention or a scope hold for the scores of the float weights
};

Result<Quantized> Quantize(const QuantizeRecipe& recipe, ThreadPool& pool) {
  const std::filesystem::path target = recipe.output.value_or(recipe.bundle);
  Manifest manifest = TRY(ReadManifest(recipe.bundle));
  std::error_code ignored;
  if (!recipe.output && !std::filesystem::exists(recipe.bundle / kManifestFile, ignored)) {
    return Fail(ErrorCode::kInvalidArgument, recipe.bundle.string() + ": not a Winnow bundle, so it is left unchanged",
                "name an output directory with --output");
  }
  if (manifest.kind != "transformer") {
    return Fail(ErrorCode::kUnsupported, recipe.bundle.string() + ": a linear model cannot be quantized",
                "linear models are small and fast without quantization");
  }
  const Dataset held_out = TRY(ReadHeldOut(recipe, TRY(BundleClassifier::Load(recipe.bundle, pool, Weights::kFloat))));
  BundleWriter writer = TRY(BundleWriter::Begin(target, recipe.overwrite));
  TRY(LinkBundleFiles(recipe.bundle, writer.path(), [&](const std::string& name) {
    const bool float_weights = name == "model.safetensors" || name == "pytorch_model.bin";
    const bool other = name.starts_with("checkpoint-") || name.starts_with("onnx/");
    return name != kInt8Weights && !(recipe.output && (float_weights || other));
  }));
  QuantizeReport report = TRY(QuantizeWeights(
      recipe.bundle, writer.path(), held_out,
      {.max_drop = recipe.max_drop, .note = [](const std::string& text) { LogInfo("{}", text); }}, pool));
  TRY(CheckInterrupted());
  const bool guaranteed =
      manifest.thresholds.guarantee || manifest.abstain || std::filesystem::exists(recipe.bundle / kScopeFile, ignored);
  TRY(SealBundle(writer.path(), std::move(manifest)));
  TRY(writer.Commit());
  LogInfo("{}: wrote INT8 weights, which are used by default", target.string());
  return Quantized{std::move(report), target, guaranteed};
}

Result<void> Run(const QuantizeCommandOptions& options) {
  HandleInterrupts();
  ThreadPool pool(options.threads);
  const Quantized done = TRY(Quantize({.bundle = options.bundle,
                                       .output = options.output,
                                       .data = options.data,
                                       .max_drop = options.max_drop,
                                       .overwrite = options.overwrite},
                                      pool));
  if (done.guaranteed) {
    LogWarning(
        "the guarantees of the thresholds apply to the float weights only; to calibrate the INT8 weights: winnow "
        "calibrate {}",
        done.target.string());
  }
  return Print(options.json ? ReportJson(done.report, done.target).dump(2) + "\n" : ReportLines(done.report));
}

}  // namespace

Result<Json> QuantizeBundle(const QuantizeRecipe& recipe, ThreadPool& pool) {
  const Quantized done = TRY(Quantize(recipe, pool));
  for (const std::string& line : Lines(ReportLines(done.report))) LogInfo("{}", line);
  return ReportJson(done.report, done.target);
}

Command QuantizeCommand() {
  return MakeCommand<QuantizeCommandOptions>("quantize", "Quantizes weights to INT8, unless accuracy drops too much.",
                                             Describe, Run);
}

}  // namespace winnow
