#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/export.h"
#include "cli/output.h"
#include "cli/quantize.h"
#include "cli/train_options.h"
#include "cli/training_info.h"
#include "data/split.h"
#include "decide/temperature.h"
#include "encoder/forward.h"
#include "evaluate/report.h"
#include "train/trainer.h"

namespace winnow {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Result<int32_t> PositiveLabel(const TrainCommandOptions& options, const LabelSet& labels) {
  if (options.positive_label.empty()) return labels.Find(DefaultPositiveLabel(labels.names));
  const int id = labels.Find(options.positive_label);
  if (id >= 0) return id;
  std::string names;
  for (const std::string& name : labels.names) names += (names.empty() ? "" : ", ") + name;
  return Fail(ErrorCode::kInvalidArgument, "--positive-label: the data have no label '" + options.positive_label + "'",
              "labels are: " + names);
}

/// `usual` passes, but over a few hundred texts so many that the model moves away from where it began: about 200 steps.
int DefaultEpochs(int usual, size_t texts, int batch_size) {
  const int steps = static_cast<int>((texts + static_cast<size_t>(batch_size) - 1) / static_cast<size_t>(batch_size));
  return std::max(usual, std::min(20, (200 + steps - 1) / std::max(steps, 1)));
}

TrainerOptions ToTrainerOptions(const TrainCommandOptions& options, const TextSet& train, int32_t positive_label) {
  const bool scratch = options.base_model == "scratch";
  TrainerOptions trainer;
  trainer.epochs = options.epochs.value_or(DefaultEpochs(scratch ? 12 : 3, train.size(), options.batch_size));
  trainer.batch_size = options.batch_size;
  trainer.lr = options.lr.value_or(scratch ? 1e-3 : 2e-5);
  trainer.schedule = options.lr_scheduler == "cosine"     ? Schedule::kCosine
                     : options.lr_scheduler == "constant" ? Schedule::kConstant
                                                          : Schedule::kLinear;
  trainer.warmup_steps = options.warmup_steps;
  trainer.warmup_ratio = options.warmup_ratio;
  trainer.head_lr_factor = options.head_lr_factor;
  trainer.weight_decay = options.weight_decay;
  trainer.max_grad_norm = options.max_grad_norm;
  if (options.class_weights == "balanced" && !train.multi_label)
    trainer.loss.class_weights = BalancedClassWeights(train);
  trainer.metric = options.metric;
  trainer.positive_label = positive_label;
  trainer.seed = options.seed;
  return trainer;
}

Json Hyperparameters(const TrainCommandOptions& options, const TrainerOptions& trainer, int max_length) {
  return {{"epochs", trainer.epochs},
          {"batch_size", trainer.batch_size},
          {"learning_rate", trainer.lr},
          {"head_lr_factor", trainer.head_lr_factor},
          {"lr_scheduler", options.lr_scheduler},
          {"warmup_steps", trainer.warmup_steps ? Json(*trainer.warmup_steps) : Json()},
          {"warmup_ratio", trainer.warmup_ratio},
          {"weight_decay", trainer.weight_decay},
          {"max_grad_norm", trainer.max_grad_norm},
          {"class_weights", options.class_weights},
          {"metric", trainer.metric},
          {"max_length", max_length},
          {"precision", "f32"},
          {"seed", trainer.seed}};
}

/// The model's files but for what training found out: enough to classify with, or to train on from.
Result<void> WriteModelFiles(const Model& model, const StartingPoint& start, int max_length,
                             const std::filesystem::path& dir) {
  TRY(WriteModelConfig(dir, model.config()));
  TRY(model.Save(dir));
  TRY(WriteLabelsFile(dir / "labels.json", model.config().labels));
  return start.directory.empty() ? start.tokenizer.Save(dir, max_length) : CopyTokenizerFiles(start.directory, dir);
}

Manifest ManifestOf(const TrainCommandOptions& options, const Model& model, int max_length, int32_t positive_label) {
  Manifest manifest;
  manifest.name =
      options.name.empty() ? std::filesystem::weakly_canonical(options.output_dir).filename().string() : options.name;
  manifest.text_template = options.template_text;
  manifest.max_length = max_length;
  if (positive_label >= 0) manifest.positive_label = model.config().labels[static_cast<size_t>(positive_label)];
  return manifest;
}

/// Keeps the newest epoch's model beside the old bundle while training goes on, so that a stop loses one epoch at most.
class Checkpoints {
 public:
  Checkpoints(const TrainCommandOptions& options, const StartingPoint& start, Manifest manifest)
      : options_(options), start_(start), manifest_(std::move(manifest)) {}

  Result<void> Save(const EpochReport& epoch, const Model& model) {
    const std::filesystem::path path = options_.output_dir / ("checkpoint-" + std::to_string(epoch.step));
    BundleWriter writer = TRY(BundleWriter::Begin(path, /*overwrite=*/true));
    TRY(WriteModelFiles(model, start_, manifest_.max_length, writer.path()));
    const Json state = {{"epoch", epoch.epoch},
                        {"global_step", epoch.step},
                        {"train_loss", epoch.train_loss},
                        {"eval_loss", epoch.validation_loss},
                        {"eval_accuracy", epoch.metrics.accuracy},
                        {"eval_f1_macro", epoch.metrics.f1_macro}};
    TRY(WriteFileAtomically(writer.path() / "trainer_state.json", DumpJson(state)));
    TRY(SealBundle(writer.path(), manifest_));
    TRY(writer.Commit());
    std::error_code ignored;
    if (!newest_.empty() && newest_ != path) std::filesystem::remove_all(newest_, ignored);
    newest_ = path;
    return {};
  }

  /// What to do after a stop.
  std::string Advice() const {
    if (newest_.empty()) return "no epoch was finished, so nothing was saved";
    return "the last checkpoint is " + newest_.string() +
           ": classify with it as it is, or train on with --base-model " + newest_.string();
  }

 private:
  const TrainCommandOptions& options_;
  const StartingPoint& start_;
  Manifest manifest_;
  std::filesystem::path newest_;
};

Result<TrainingResult> TrainWithProgress(StartingPoint& start, const TextSet& train, const TextSet& validation,
                                         const TrainerOptions& options, ThreadPool& pool, Checkpoints& checkpoints) {
  const int steps = TotalSteps(options, train.size());
  ProgressBar bar("train", steps);
  double loss = 0, seconds = 0;
  size_t tokens = 0;
  TrainerCallbacks callbacks;
  callbacks.on_step = [&](const StepReport& step) {
    loss = step.step == 1 ? step.loss : 0.95 * loss + 0.05 * step.loss;
    tokens += step.tokens;
    seconds += step.seconds;
    bar.SetField("loss", fmt::format("{:.4f}", loss));
    bar.SetField("", FormatCount(static_cast<int64_t>(static_cast<double>(tokens) / seconds)) + " tokens/s");
    bar.Advance();
  };
  callbacks.on_epoch = [&](const EpochReport& epoch, const Model& model) -> Result<void> {
    LogInfo("epoch {}/{}: train loss {:.4f}, validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}{}", epoch.epoch,
            options.epochs, epoch.train_loss, epoch.validation_loss, epoch.metrics.accuracy, epoch.metrics.f1_macro,
            epoch.best ? (options.epochs > 1 ? ", the best so far" : "") : "");
    return epoch.epoch < options.epochs ? checkpoints.Save(epoch, model) : Result<void>();
  };
  callbacks.cancelled = Interrupted;
  Result<TrainingResult> result = TrainModel(start.model, train, validation, options, pool, callbacks);
  if (result) bar.Finish();
  if (!result && result.error().code == ErrorCode::kCancelled) result.error().hint = checkpoints.Advice();
  return result;
}

/// The time of one text alone through the encoder, as a mean over some.
double InferenceMs(const Model& model, const TextSet& texts, ThreadPool& pool) {
  ForwardRunner runner(model, pool);
  const size_t count = std::min<size_t>(texts.size(), 64);
  const PackedTexts all = texts.texts.view();
  PackedBatch one;
  const auto begin = std::chrono::steady_clock::now();
  for (size_t t = 0; t < count; ++t) {
    one.Clear();
    one.Append(all.ids.subspan(all.begin(t), all.length(t)));
    runner.Logits(one.view());
  }
  return SecondsSince(begin) * 1000 / static_cast<double>(std::max<size_t>(count, 1));
}

/// The held-out texts that calibration used, for the INT8 gate and for calibrating again.
Result<void> WriteCalibrationTexts(const std::filesystem::path& path, const Dataset& dataset) {
  std::string lines;
  for (const Example& example : dataset.examples) {
    Json labels = Json::array();
    for (const int32_t label : example.labels) labels.push_back(dataset.labels.names[static_cast<size_t>(label)]);
    lines += DumpJsonLine({{"text", example.text}, {"label", dataset.multi_label ? labels : labels.front()}}) + "\n";
  }
  return WriteFileAtomically(path, lines);
}

/// --skip-training: the model that is there is exported, and quantised if that is asked for.
Result<void> RunWithoutTraining(const TrainCommandOptions& options) {
  HandleInterrupts();
  nlohmann::ordered_json report;
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

Result<void> Run(const TrainCommandOptions& options) {
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
  const Split split = TRY(ReadSplit(SplitFilesOf(options), ReadOptionsOf(options), SplitOptionsOf(options), report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  const int32_t positive_label = TRY(PositiveLabel(options, split.train.labels));

  StartingPoint start = TRY(PrepareBaseModel(options, split.train));
  const int max_length = std::min(options.max_length, start.model.config().max_positions);
  if (max_length < options.max_length) LogInfo("--max-length is {}: the base model has no more positions", max_length);
  const TextSet train = TokenizeExamples(split.train, start.tokenizer, max_length);
  const TextSet validation = TokenizeExamples(split.validation, start.tokenizer, max_length);
  const TextSet test = TokenizeExamples(split.test, start.tokenizer, max_length);

  const TrainerOptions trainer = ToTrainerOptions(options, train, positive_label);
  LogInfo("training on {} texts, {} tokens, {} epochs of {} steps, {} thread{}, f32",
          FormatCount(static_cast<int64_t>(train.size())), FormatCount(static_cast<int64_t>(train.texts.ids.size())),
          trainer.epochs, TotalSteps(trainer, train.size()) / trainer.epochs, pool.size(), pool.size() == 1 ? "" : "s");
  Manifest manifest = ManifestOf(options, start.model, max_length, positive_label);
  Checkpoints checkpoints(options, start, manifest);
  const TrainingResult result = TRY(TrainWithProgress(start, train, validation, trainer, pool, checkpoints));

  // Calibration sees the validation texts only; the reported figures are of texts that nothing has seen.
  const auto fit =
      validation.multi_label
          ? FitTemperatureMultiLabel(result.validation_logits, static_cast<int>(validation.num_labels),
                                     LabelSets(split.validation))
          : FitTemperature(result.validation_logits, static_cast<int>(validation.num_labels), validation.labels);
  manifest.temperature = TRY(fit).Usable();
  LogInfo("temperature {:.2f}{}", manifest.temperature, fit->note.empty() ? "" : " (" + fit->note + ")");
  const bool has_test = test.size() > 0;
  const TextSet& reported = has_test ? test : validation;
  ForwardRunner runner(start.model, pool);
  const std::vector<float> logits = has_test ? runner.AllLogits(test.texts.view()) : result.validation_logits;
  const Metrics metrics = TRY(MetricsOfLogits(logits, reported, split.train.labels.names, manifest.temperature,
                                              {.positive_label = positive_label}));

  const TrainingInfo info{.name = manifest.name,
                          .base_model = options.base_model,
                          .result = &result,
                          .metrics = &metrics,
                          .metrics_of = has_test ? "test" : "validation",
                          .train = &split.train,
                          .validation_count = validation.size(),
                          .test_count = test.size(),
                          .total_seconds = SecondsSince(begin),
                          .inference_ms = InferenceMs(start.model, reported, pool),
                          .threads = pool.size(),
                          .hyperparameters = Hyperparameters(options, trainer, max_length)};
  nlohmann::ordered_json document = TrainingInfoJson(info);
  TRY(WriteModelFiles(start.model, start, max_length, bundle.path()));
  TRY(WriteFileAtomically(bundle.path() / "training_info.json", document.dump(2) + "\n"));
  if (options.keep_data) TRY(WriteCalibrationTexts(bundle.path() / "calibration.jsonl", split.validation));
  TRY(SealBundle(bundle.path(), manifest));
  TRY(bundle.Commit());

  LogInfo("{} is ready: {} training texts, {:.0f} s, best epoch {}", options.output_dir.string(),
          FormatCount(static_cast<int64_t>(train.size())), info.total_seconds, result.best_epoch);
  if (options.quantize) {
    document["quantization"] = TRY(QuantizeBundle({.bundle = options.output_dir, .max_drop = options.max_drop}, pool));
  }
  if (!has_test)
    LogWarning("there is no test part: the figures are of the validation texts, which chose the best epoch");
  if (options.json) return Print(document.dump(2) + "\n");
  return Print(fmt::format("On {} {} texts:\n{}", FormatCount(static_cast<int64_t>(reported.size())),
                           has_test ? "test" : "validation", ReportText(metrics)));
}

}  // namespace

Command TrainCommand() {
  return MakeCommand<TrainCommandOptions>(
      "train", "Fine-tunes a classifier on labelled texts, and reports how good it is.", AddTrainOptions, Run);
}

}  // namespace winnow
