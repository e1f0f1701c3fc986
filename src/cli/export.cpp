#include "cli/export.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/training_info.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "linear/linear_model.h"
#include "onnx/export.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct ExportCommandOptions : CommonOptions, ExportRecipe {};

void Describe(ExportCommandOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.Group("Output");
  table
      .Add("format", &options.formats,
           "onnx: onnx/model.onnx in float; onnx-int8: onnx/model_quantized.onnx, a quarter of its size. Several "
           "formats are separated by commas")
      .ValueName("onnx|onnx-int8")
      .OneOf({kOnnxFloatFormat, kOnnxInt8Format});
  table.Add("output", &options.output, "A new directory ready to deploy: config, tokenizer, labels, ONNX files")
      .ValueName("DIR")
      .Default("into the bundle");
  AddOverwrite(options.overwrite, table, "Replace the contents of --output even if they are not a former export");
  table.Group("Graph");
  table.Add("with-token-types", &options.with_token_types,
            "Add a third input, token_type_ids, which models of text pairs need; otherwise all tokens have type 0");
  table.Add(
      "external-data", &options.external_data,
      "Write the weights to a separate file such as onnx/model.onnx.data, as is always done for models over 2 GB");
  table.Describe(
      "Inputs are input_ids and attention_mask, int64 [batch, sequence]; the output is logits, float [batch, labels]. "
      "Batch and sequence are dynamic. A linear model reads texts: its input is text, strings [batch, 1], its "
      "outputs are label and probabilities, float [batch, labels]; a multi-label model has probabilities only. "
      "onnx/model_metadata.json contains everything else that a service needs.");
  table.Example("winnow export spam --format onnx-int8", "spam/onnx/model_quantized.onnx");
  table.Example("winnow export spam --format onnx,onnx-int8 --output web",
                "both formats, with all files that transformers.js reads");
}

/// Whether `inner` is `outer` or lies below it.
bool LiesIn(const fs::path& inner, const fs::path& outer) {
  std::error_code ignored;
  const fs::path below = fs::weakly_canonical(fs::absolute(inner, ignored), ignored);
  fs::path above = fs::weakly_canonical(fs::absolute(outer, ignored), ignored);
  if (!above.has_filename()) above = above.parent_path();
  return std::ranges::mismatch(above, below).in1 == above.end();
}

/// The output directory is replaced as a whole, so nothing may lie there that is worth more than a former export.
Result<void> CheckOutput(const ExportRecipe& options) {
  const fs::path& output = *options.output;
  if (LiesIn(options.bundle, output)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("--output {}: contains the model to export", output.string()),
                "without --output the ONNX files are written into the model's own directory");
  }
  std::error_code ignored;
  const bool has_weights =
      fs::exists(output / "model.safetensors", ignored) || fs::exists(output / kLinearFile, ignored);
  if (!options.overwrite && has_weights) {
    return Fail(ErrorCode::kExists, fmt::format("{}: contains a model with its weights", output.string()),
                "name another output directory, or pass --overwrite to replace that model with the export");
  }
  return {};
}

Result<OnnxExport> ExportWithProgress(const ExportRecipe& options, const std::string& format, const fs::path& target) {
  ProgressBar bar("export " + format, 0);
  OnnxExportOptions onnx;
  onnx.format = format == kOnnxInt8Format ? OnnxFormat::kInt8 : OnnxFormat::kFloat;
  onnx.token_types = options.with_token_types;
  onnx.external_data = options.external_data;
  onnx.progress = [&](uint64_t done, uint64_t total) {
    bar.SetTotal(static_cast<int64_t>(total));
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  };
  const OnnxExport result = TRY(ExportOnnx(options.bundle, target, onnx));
  bar.Finish();
  return result;
}

/// What stands beside the ONNX files in a directory that deploys as it is.
Result<void> CopyModelFiles(const fs::path& bundle, const fs::path& target, int max_length) {
  std::error_code ignored;
  if (fs::exists(bundle / kTrainingInfoFile, ignored))
    TRY(WriteFileAtomically(target / kTrainingInfoFile, TRY(ReadFile(bundle / kTrainingInfoFile))));
  if (fs::exists(bundle / kLinearFile, ignored)) {
    return WriteLabelsFile(target / "labels.json", TRY(ReadLabelsFile(bundle / "labels.json")));
  }
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  TRY(WriteFileAtomically(target / "config.json", config.source));
  TRY(WriteLabelsFile(target / "labels.json", config.labels));
  TRY(CopyTokenizerFiles(bundle, target));
  // transformers.js reads tokenizer.json alone.
  if (fs::exists(bundle / "tokenizer.json", ignored)) return {};
  return TRY(Tokenizer::Load(bundle)).Save(target, max_length);
}

Result<void> Run(const ExportCommandOptions& options) {
  HandleInterrupts();
  for (const auto& file : TRY(ExportBundle(options))) {
    if (options.json) {
      TRY(Print(DumpJsonLine(file) + "\n"));
      continue;
    }
    const fs::path path = file["path"].get<std::string>();
    TRY(Print(fmt::format("{}  {:.1f} MB{}\n", path.string(), file["bytes"].get<double>() / 1e6,
                          file["external_data"].get<bool>() ? ", with " + path.filename().string() + ".data" : "")));
  }
  return {};
}

}  // namespace

Result<Json> ExportBundle(const ExportRecipe& recipe) {
  std::optional<BundleWriter> writer;
  if (recipe.output) {
    TRY(CheckOutput(recipe));
    writer = TRY(BundleWriter::Begin(*recipe.output, recipe.overwrite));
    if (writer->replaces_model()) LogWarning("{}: replaced a model", recipe.output->string());
  }
  const fs::path target = writer ? writer->path() : recipe.bundle;

  Json files = Json::array();
  for (const std::string& format : recipe.formats) {
    const OnnxExport result = TRY(ExportWithProgress(recipe, format, target));
    files.push_back({{"path", (recipe.output.value_or(recipe.bundle) / "onnx" / result.model.filename()).string()},
                     {"bytes", result.bytes},
                     {"format", format},
                     {"external_data", result.external_data}});
  }
  TRY(WriteOnnxMetadata(recipe.bundle, target));
  if (!writer) {
    TRY(SealOnnxFiles(target));
    return files;
  }
  const Manifest manifest = TRY(ReadManifest(recipe.bundle));
  TRY(CopyModelFiles(recipe.bundle, target, manifest.max_length));
  TRY(SealBundle(target, manifest));
  TRY(writer->Commit());
  return files;
}

Command ExportCommand() {
  return MakeCommand<ExportCommandOptions>("export", "Exports a model to ONNX, which any ONNX runtime can run.",
                                           Describe, Run);
}

}  // namespace winnow
