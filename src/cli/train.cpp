#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/progress.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/export.h"
#include "cli/gnuplot.h"
#include "cli/output.h"
#include "cli/quantize.h"
#include "cli/train_options.h"
#include "cli/training_info.h"
#include "cli/training_profile.h"
#include "cli/training_run.h"
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

/// --freeze: how many depths of weights stay as they are.
Result<int> FrozenDepths(const std::string& freeze, int num_layers) {
  if (freeze.empty()) return 0;
  if (freeze == "embeddings") return 1;
  if (freeze == "encoder") return num_layers + 1;
  int layers = -1;
  const char* end = freeze.data() + freeze.size();
  if (std::from_chars(freeze.data(), end, layers).ptr != end || layers < 0 || layers > num_layers) {
    return Fail(ErrorCode::kInvalidArgument, "--freeze: '" + freeze + "' is none of encoder, embeddings, 0 ... " +
                                                 std::to_string(num_layers) + " layers");
  }
  return layers == 0 ? 0 : layers + 1;
}

/// --precision. A training that is gone on with keeps its checkpoint's.
Result<Precision> PrecisionOf(const TrainCommandOptions& options) {
  std::string name = options.precision;
  if (name == "auto" && options.resume) {
    const auto checkpoint = NewestCheckpoint(options.output_dir, [](const std::string&) {});
    if (checkpoint) name = checkpoint->run.value("precision", name);
  }
  if (name == "auto") return FastestPrecision();
  const Precision precision = name == NameOf(Precision::kBf16) ? Precision::kBf16 : Precision::kF32;
  if (IsSupported(precision)) return precision;
  return Fail(ErrorCode::kUnsupported,
              "--precision " + name + ": this CPU (" + CpuExtensions() + ") has no such products", "take f32");
}

/// Early stopping looks at evaluations: it must not be off because there are none.
Result<void> RequireEvaluations(const TrainerOptions& trainer, int total_steps) {
  if (trainer.patience == 0) return {};
  const int evaluations = trainer.eval_steps == 0 ? trainer.epochs : (total_steps - 1) / trainer.eval_steps + 1;
  if (trainer.patience < evaluations) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--early-stopping-patience {} can never stop a training of {} evaluations", trainer.patience,
                          evaluations),
              "lower it, evaluate more often with --eval-steps, or train for more --epochs");
}

Result<TrainerOptions> ToTrainerOptions(const TrainCommandOptions& options, const TextSet& train, int num_layers,
                                        int32_t positive_label) {
  const bool scratch = options.base_model == "scratch";
  TrainerOptions trainer;
  trainer.epochs = options.epochs.value_or(DefaultEpochs(scratch ? 12 : 3, train.size(), options.batch_size));
  trainer.batch_size = options.batch_size;
  trainer.batch_tokens = options.batch_tokens;
  trainer.accumulation = options.accumulation;
  trainer.lr = options.lr.value_or(scratch ? 1e-3 : 2e-5);
  trainer.schedule = options.lr_scheduler == "cosine"                 ? Schedule::kCosine
                     : options.lr_scheduler == "cosine_with_restarts" ? Schedule::kCosineRestarts
                     : options.lr_scheduler == "constant"             ? Schedule::kConstant
                                                                      : Schedule::kLinear;
  trainer.num_cycles = options.num_cycles;
  trainer.warmup_steps = options.warmup_steps;
  trainer.warmup_ratio = options.warmup_ratio;
  trainer.head_lr_factor = options.head_lr_factor;
  trainer.weight_decay = options.weight_decay;
  trainer.max_grad_norm = options.max_grad_norm;
  trainer.layer_lr_decay = options.layer_lr_decay;
  trainer.frozen_depths = TRY(FrozenDepths(options.freeze, num_layers));
  trainer.recompute = options.gradient_checkpointing;
  trainer.precision = TRY(PrecisionOf(options));
  if (options.class_weights == "balanced") {
    if (train.multi_label) {
      trainer.loss.pos_weights = BalancedPosWeights(train);
    } else {
      trainer.loss.class_weights = BalancedClassWeights(train);
    }
  }
  trainer.loss.label_smoothing = options.label_smoothing;
  trainer.eval_steps = options.eval_steps;
  trainer.save_steps = options.save_steps;
  trainer.patience = options.early_stopping_patience;
  trainer.metric = options.metric;
  trainer.positive_label = positive_label;
  trainer.seed = options.seed;
  return trainer;
}

Json Hyperparameters(const TrainCommandOptions& options, const TrainerOptions& trainer, int max_length) {
  return {{"epochs", trainer.epochs},
          {"batch_size", trainer.batch_size},
          {"batch_tokens", trainer.batch_tokens},
          {"gradient_accumulation_steps", trainer.accumulation},
          {"learning_rate", trainer.lr},
          {"head_lr_factor", trainer.head_lr_factor},
          {"layer_lr_decay", trainer.layer_lr_decay},
          {"lr_scheduler", options.lr_scheduler},
          {"num_cycles", trainer.num_cycles},
          {"warmup_steps", trainer.warmup_steps ? Json(*trainer.warmup_steps) : Json()},
          {"warmup_ratio", trainer.warmup_ratio},
          {"weight_decay", trainer.weight_decay},
          {"max_grad_norm", trainer.max_grad_norm},
          {"class_weights", options.class_weights},
          {"label_smoothing", trainer.loss.label_smoothing},
          {"freeze", options.freeze},
          {"metric", trainer.metric},
          {"eval_steps", trainer.eval_steps},
          {"save_steps", trainer.save_steps},
          {"early_stopping_patience", trainer.patience},
          {"max_length", max_length},
          {"precision", NameOf(trainer.precision)},
          {"seed", trainer.seed}};
}

/// What the trained bytes depend on: a checkpoint of another run is not gone on from.
RunIdentity IdentityOf(Json hyperparameters, const Split& split, const Model& base, int threads) {
  Hasher hasher(Hasher::Kind::kSha256);
  const auto add = [&](const float* values, size_t count) {
    hasher.Update({reinterpret_cast<const char*>(values), count * sizeof(float)});
  };
  const Layout& layout = base.layout();
  add(base.words(), layout.matrices);
  add(base.at(layout.matrices), layout.total - layout.matrices);
  RunIdentity run = std::move(hyperparameters);
  run["weights_before_training"] = hasher.Hex();  // last in order: other data may be why they differ
  run["training_data"] = DataSha256(split.train);
  run["validation_data"] = DataSha256(split.validation);
  run["labels"] = split.train.labels.names;
  run["threads"] = threads;
  run["hidden_dropout"] = base.config().hidden_dropout;
  run["classifier_dropout"] = base.config().classifier_dropout;
  return run;
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

/// training.svg, and the event files that were written while training went on. Neither is worth a trained model: what
/// fails is told.
void WriteCurves(const TrainingRun& run, const std::string& name, const std::string& metric,
                 const std::filesystem::path& output, const std::filesystem::path& bundle) {
  if (HasGnuplot()) {
    const auto drawn = PlotTraining(run.losses, run.result.state.evaluations, metric, name, bundle / "training.svg");
    if (!drawn) LogWarning("no training.svg: {}", drawn.error().message);
  } else {
    LogInfo("no training.svg: gnuplot is not installed");
  }
  std::error_code error;
  if (!std::filesystem::exists(output / kRunsDirectory, error)) return;
  std::filesystem::copy(output / kRunsDirectory, bundle / kRunsDirectory, std::filesystem::copy_options::recursive,
                        error);
  if (error) LogWarning("{}: {}", (bundle / kRunsDirectory).string(), error.message());
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
  const int max_length = std::min(options.max_length, MaxTokens(start.model.config()));
  if (max_length < options.max_length) LogInfo("--max-length is {}: the base model has no more positions", max_length);
  const auto tokenizing = std::chrono::steady_clock::now();
  const TextSet train = TokenizeExamples(split.train, start.tokenizer, max_length);
  const TextSet validation = TokenizeExamples(split.validation, start.tokenizer, max_length);
  const TextSet test = TokenizeExamples(split.test, start.tokenizer, max_length);

  const double tokenize_seconds = SecondsSince(tokenizing);
  const TrainerOptions trainer = TRY(ToTrainerOptions(options, train, start.model.config().num_layers, positive_label));
  const int total_steps = TotalSteps(trainer, train);
  TRY(RequireEvaluations(trainer, total_steps));
  TRY(RequireMemory(options, start.model.config(), trainer, train, pool.size()));
  LogInfo("training on {} texts, {} tokens, {} epochs of {} steps, {} thread{}, {}",
          FormatCount(static_cast<int64_t>(train.size())), FormatCount(static_cast<int64_t>(train.texts.ids.size())),
          trainer.epochs, total_steps / trainer.epochs, pool.size(), pool.size() == 1 ? "" : "s",
          NameOf(trainer.precision));
  Manifest manifest = ManifestOf(options, start.model, max_length, positive_label);
  const Json hyperparameters = Hyperparameters(options, trainer, max_length);
  const TrainingJob job{.options = options,
                        .start = start,
                        .train = train,
                        .validation = validation,
                        .trainer = trainer,
                        .manifest = manifest,
                        .run = IdentityOf(hyperparameters, split, start.model, pool.size())};
  MeterMatMul(options.profile);
  const TrainingRun run = TRY(RunTraining(job, pool));
  const TrainingResult& result = run.result;
  MeterMatMul(false);
  if (options.profile) {
    for (const std::string& line : Lines(ProfileText(result.times, tokenize_seconds, trainer.precision, pool))) {
      LogInfo("{}", line);
    }
  }

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
                          .hyperparameters = hyperparameters};
  nlohmann::ordered_json document = TrainingInfoJson(info);
  TRY(WriteModelFiles(start.model, start, max_length, bundle.path()));
  TRY(WriteFileAtomically(bundle.path() / "training_info.json", document.dump(2) + "\n"));
  WriteCurves(run, manifest.name, trainer.metric, options.output_dir, bundle.path());
  if (options.keep_data) TRY(WriteCalibrationTexts(bundle.path() / "calibration.jsonl", split.validation));
  TRY(SealBundle(bundle.path(), manifest));
  TRY(bundle.Commit());

  LogInfo("{} is ready: {} training texts, {:.0f} s, best epoch {:.3g}", options.output_dir.string(),
          FormatCount(static_cast<int64_t>(train.size())), info.total_seconds, result.best().epoch);
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
