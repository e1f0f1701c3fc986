#include "cli/export.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"

namespace winnow {
namespace {

struct ExportCommandOptions : CommonOptions {
  ExportPlan plan;
  std::vector<std::string> formats = {NameOf(OnnxFormat::kFloat)};
};

void Describe(ExportCommandOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.plan.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table.Group("Output");
  table
      .Add("format", &options.formats,
           "onnx: onnx/model.onnx in float; onnx-int8: onnx/model_quantized.onnx, a quarter of its size; safetensors: "
           "model.safetensors for transformers and Text Embeddings Inference (requires --output). Several formats are "
           "separated by commas")
      .ValueName("onnx|onnx-int8|safetensors")
      .OneOf({NameOf(OnnxFormat::kFloat), NameOf(OnnxFormat::kInt8), kFloatWeightsFormat});
  table.Add("output", &options.plan.output, "A new directory ready to deploy: config, tokenizer, labels, ONNX files")
      .ValueName("DIR")
      .Default("into the bundle")
      .Short('o');
  AddOverwrite(options.plan.overwrite, table,
               "Replace the contents of --output even if they are not an earlier export");
  AddModelVersion(options.plan.version.version, table, "the version of BUNDLE");
  table.Group("Graph");
  table.Add("bake-temperature", &options.plan.bake_temperature,
            "If a temperature calibrates the model, divide the weights of the classifier by it, so that the softmax "
            "(multi-label: the sigmoid) of the logits gives the calibrated probabilities in every program");
  table.Add(
      "with-token-types", &options.plan.with_token_types,
      "Add a third input, token_type_ids, which models that read text pairs need; otherwise all tokens have type 0");
  table.Add(
      "external-data", &options.plan.external_data,
      "Write the weights to a separate file such as onnx/model.onnx.data, as is always done for models over 2 GB");
  table.Describe(
      "Inputs are input_ids and attention_mask, int64 [batch, sequence]; the output is logits, float [batch, labels]. "
      "Batch and sequence are dynamic. A linear model reads texts: its input is 'text', string [batch, 1]; its "
      "outputs are label and probabilities, float [batch, labels]; a multi-label model has probabilities only. "
      "onnx/model_metadata.json contains the labels, the maximum length, the thresholds, the part of the "
      "calibration that the graph does not contain, and the metrics.");
  AddTrustOptions(options, table);
  table.Example("winnow export spam --format onnx-int8", "spam/onnx/model_quantized.onnx");
  table.Example("winnow export spam --format onnx,onnx-int8 --output web",
                "both formats, with all files that transformers.js reads");
}

Result<void> Run(const ExportCommandOptions& options) {
  HandleInterrupts();
  ExportPlan plan = options.plan;
  plan.formats.clear();
  for (const std::string& name : options.formats) {
    if (name == kFloatWeightsFormat) {
      plan.float_weights = true;
      continue;
    }
    plan.formats.push_back(name == NameOf(OnnxFormat::kInt8) ? OnnxFormat::kInt8 : OnnxFormat::kFloat);
  }
  for (const ExportedFile& file : TRY(ExportWithProgress(std::move(plan)))) {
    if (options.json) {
      TRY(Print(DumpJsonLine(ExportedFileJson(file)) + "\n"));
      continue;
    }
    TRY(Print(fmt::format("{}  {:.1f} MB{}\n", file.path.string(), static_cast<double>(file.bytes) / 1e6,
                          file.external_data ? ", with " + file.path.filename().string() + ".data" : "")));
  }
  return {};
}

}  // namespace

Result<std::vector<ExportedFile>> ExportWithProgress(ExportPlan plan) {
  std::optional<ProgressBar> bar;
  std::optional<OnnxFormat> shown;
  int64_t all = 0;
  const auto finish = [&] {
    if (bar) bar->Set(all);
    if (bar) bar->Finish();
  };
  plan.progress = [&](OnnxFormat format, uint64_t done, uint64_t total) {
    if (shown != format) {
      finish();
      bar.emplace(std::string("export ") + NameOf(format), static_cast<int64_t>(total), ProgressUnit::kPercent);
      shown = format;
    }
    all = static_cast<int64_t>(total);
    bar->SetTotal(all);
    bar->Set(static_cast<int64_t>(done));
    return !Interrupted();
  };
  plan.warn = [](const std::string& line) { LogWarning("{}", line); };
  plan.note = [](const std::string& line) { LogInfo("{}", line); };
  std::vector<ExportedFile> files = TRY(ExportBundle(plan));
  finish();
  return files;
}

Command ExportCommand() {
  return MakeCommand<ExportCommandOptions>("export", "Exports a model to ONNX, which any ONNX runtime can run.",
                                           Describe, Run);
}

}  // namespace winnow
