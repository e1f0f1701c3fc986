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
           "onnx: onnx/model.onnx in float; onnx-int8: onnx/model_quantized.onnx, a quarter of its size. Several, "
           "divided by commas, lie side by side")
      .ValueName("onnx|onnx-int8")
      .OneOf({kOnnxFloatFormat, kOnnxInt8Format});
  table.Add("output", &options.output, "A new directory that deploys as it is: config, tokenizer, labels, ONNX files")
      .ValueName("DIR")
      .Default("into the bundle");
  AddOverwrite(options.overwrite, table, "Replace what --output holds, though it is no former export");
  table.Group("Graph");
  table.Add("with-token-types", &options.with_token_types,
            "A third input, token_type_ids, as models of text pairs need it; otherwise every token is of type 0");
  table.Add("external-data", &options.external_data,
            "Weights in a file of their own, such as onnx/model.onnx.data; models over 2 GB always have it");
  table.Describe(
      "Inputs are input_ids and attention_mask, int64 [batch, sequence]; the output is logits, float [batch, labels]. "
      "Batch and sequence vary. A linear model takes the texts themselves: its input is text, strings [batch, 1], its "
      "outputs are label and probabilities, float [batch, labels], of a multi-label model probabilities alone. "
      "onnx/model_metadata.json says what a service needs to know beside that.");
  table.Example("winnow export spam --format onnx-int8", "spam/onnx/model_quantized.onnx");
  table.Example("winnow export spam --format onnx,onnx-int8 --output web", "both, with all that transformers.js reads");
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
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--output {}: holds the model that is to be exported", output.string()),
                "without --output the ONNX files go into the model's own directory");
  }
  std::error_code ignored;
  const bool has_weights =
      fs::exists(output / "model.safetensors", ignored) || fs::exists(output / kLinearFile, ignored);
  if (!options.overwrite && has_weights) {
    return Fail(ErrorCode::kExists, fmt::format("{}: holds a model with its weights", output.string()),
                "name another output directory, or pass --overwrite to replace that model by the export");
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
    if (writer->replaces_model()) LogWarning("{} is replaced", recipe.output->string());
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
  return MakeCommand<ExportCommandOptions>("export", "Writes a model as ONNX files, which any ONNX runtime reads.",
                                           Describe, Run);
}

}  // namespace winnow
