#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/directory.h"
#include "cli/calibrate.h"
#include "cli/commands.h"
#include "cli/cross_validation.h"
#include "cli/data_options.h"
#include "cli/export.h"
#include "cli/output.h"
#include "cli/quantize.h"
#include "cli/train_options.h"
#include "cli/training.h"
#include "report/metrics_report.h"

namespace winnow {
namespace {

/// --skip-training: the model that is there is exported, and quantised if that is asked for.
Result<void> RunWithoutTraining(const TrainCommandOptions& options) {
  HandleInterrupts();
  Json report;
  ExportRecipe onnx{.bundle = options.output_dir};
  if (options.quantize) {
    ThreadPool pool(options.threads);
    report["quantization"] =
        TRY(QuantizeBundle({.bundle = options.output_dir, .data = options.data, .max_drop = options.max_drop}, pool));
    onnx.formats.push_back(kOnnxInt8Format);
  }
  report["onnx"] = TRY(ExportBundle(onnx));
  for (const auto& file : report["onnx"]) LogInfo("{} is written", file["path"].get<std::string>());
  return options.json ? Print(report.dump(2) + "\n") : Result<void>();
}

/// Where the model goes when nobody said: models/PRESET-BASE.
std::filesystem::path DefaultOutput(const TrainCommandOptions& options) {
  const std::string prefix = std::filesystem::path(*options.preset).stem().string();
  return std::filesystem::path("models") /
         (prefix + "-" +
          (options.kind == "transformer" ? std::filesystem::path(options.base_model).filename().string()
                                         : options.kind));
}

Result<void> Run(const TrainCommandOptions& given) {
  if (given.folds) return RunTrainingFolds(given);
  TrainCommandOptions options = given;
  if (options.output_dir.empty()) {
    if (!options.preset) {
      return Fail(ErrorCode::kInvalidArgument, "--output-dir is required",
                  "usage: winnow train DATA... --output-dir DIR");
    }
    options.output_dir = DefaultOutput(options);
    LogInfo("the model goes to {}", options.output_dir.string());
  }
  if (options.skip_training) return RunWithoutTraining(options);
  if (options.data.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "usage: winnow train DATA... --output-dir DIR");
  }
  if (options.quantize && !options.keep_data) {
    return Fail(ErrorCode::kInvalidArgument, "--quantize measures on the texts that --no-keep-data leaves out",
                "drop one of them, or run: winnow quantize --data FILE");
  }
  const auto begin = std::chrono::steady_clock::now();
  HandleInterrupts();
  ThreadPool pool(options.threads);

  // The target is looked at first: finding it full of other things after the training would be late.
  BundleWriter bundle = TRY(BundleWriter::Begin(options.output_dir, options.overwrite));
  if (bundle.replaces_model()) {
    LogWarning("{} holds a model, which this one replaces once it is whole", options.output_dir.string());
  }

  SplitReport report;
  Split split = TRY(ReadSplit(SplitFilesOf(options), TRY(ReadOptionsOf(options)), SplitOptionsOf(options), report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  AddVariants(options, split);
  TrainedBundle trained = TRY(TrainBundle(options, split, std::move(bundle), pool, begin));
  if (options.quantize) {
    trained.info["quantization"] =
        TRY(QuantizeBundle({.bundle = options.output_dir, .max_drop = options.max_drop}, pool));
    if (options.calibrating.max_fpr) {
      // The float weights' scores chose the thresholds, and bytes answer now.
      const CalibrationReport report = TRY(CalibrateBundle(options.output_dir, options.calibrating, pool));
      for (const std::string& line : Lines(report.text)) LogInfo("{}", line);
    }
  }
  if (!trained.has_test) {
    LogWarning("there is no test part: the figures are of the validation texts, which chose the best epoch");
  }
  if (options.json) return Print(trained.info.dump(2) + "\n");
  return Print(fmt::format("On {} {} texts:\n{}", FormatCount(trained.metrics.count),
                           trained.has_test ? "test" : "validation", ReportText(trained.metrics)));
}

}  // namespace

Command TrainCommand() {
  return MakeCommand<TrainCommandOptions>(
      "train", "Fine-tunes a classifier on labelled texts, and reports how good it is.", AddTrainOptions, Run);
}

}  // namespace winnow
