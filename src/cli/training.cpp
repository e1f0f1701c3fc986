#include "cli/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/manifest.h"
#include "classify/decision_rule.h"
#include "classify/long_text.h"
#include "classify/text_encoder.h"
#include "cli/base_model.h"
#include "cli/calibrating.h"
#include "cli/data_options.h"
#include "cli/gnuplot.h"
#include "cli/linear_training.h"
#include "cli/teaching.h"
#include "cli/trained_model.h"
#include "cli/trainer_options.h"
#include "cli/training_info.h"
#include "cli/training_profile.h"
#include "cli/training_run.h"
#include "decide/calibration.h"
#include "decide/label_thresholds.h"
#include "encoder/forward.h"
#include "train/trainer.h"

namespace winnow {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// What the trained bytes depend on: a checkpoint of another run is not gone on from.
RunIdentity IdentityOf(Json hyperparameters, const Split& split, const TextSet& train, const Model& base, int threads) {
  Hasher hasher(Hasher::Kind::kSha256);
  const auto add = [&](const float* values, size_t count) {
    hasher.Update({reinterpret_cast<const char*>(values), count * sizeof(float)});
  };
  const Layout& layout = base.layout();
  add(base.words(), layout.matrices);
  add(base.at(layout.matrices), layout.total - layout.matrices);
  RunIdentity run = std::move(hyperparameters);
  run["training_data"] = DataSha256(split.train);
  if (!train.soft.empty()) {
    Hasher soft(Hasher::Kind::kSha256);
    soft.Update({reinterpret_cast<const char*>(train.soft.data()), train.soft.size() * sizeof(float)});
    run["soft_labels"] = soft.Hex();
  }
  run["validation_data"] = DataSha256(split.validation);
  run["labels"] = split.train.labels.names;
  run["threads"] = threads;
  run["hidden_dropout"] = base.config().hidden_dropout;
  run["classifier_dropout"] = base.config().classifier_dropout;
  run["weights_before_training"] = hasher.Hex();  // last in order: other data may be why they differ
  return run;
}

std::vector<float> ProbabilitiesOf(std::span<const float> logits, const TextSet& set, const Calibration& calibration) {
  std::vector<float> probabilities(logits.size());
  Calibrate(calibration, logits, set.num_labels, set.multi_label, probabilities);
  return probabilities;
}

/// What the bundle will answer to texts that it reads in windows; the trainer saw head and tail of them.
std::vector<float> AnswersByWindows(const Dataset& dataset, const TextSet& set, const TextEncoder& encoder,
                                    const Manifest& manifest, const Calibration& calibration, ForwardRunner& runner) {
  constexpr size_t kTextsAtOnce = 1024;  // bounds memory
  const Pooling pooling{
      .multi_label = set.multi_label,
      .positive_label = manifest.positive_label.empty() ? -1 : dataset.labels.Find(manifest.positive_label)};
  std::vector<float> answers(set.size() * set.num_labels);
  TokenizedTexts tokens;
  const std::vector<InputTextView> texts = InputTexts(dataset);
  for (size_t begin = 0; begin < set.size(); begin += kTextsAtOnce) {
    tokens.Clear();
    encoder.Encode(std::span(texts).subspan(begin, std::min(kTextsAtOnce, set.size() - begin)), tokens);
    const std::vector<float> logits = runner.AllLogits(tokens.windows.view());
    PoolWindows(tokens, set.num_labels, pooling, ProbabilitiesOf(logits, set, calibration),
                std::span(answers).subspan(begin * set.num_labels));
  }
  return answers;
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

}  // namespace

Result<TrainedBundle> TrainBundle(const TrainCommandOptions& options, const Split& split, BundleWriter bundle,
                                  ThreadPool& pool, std::chrono::steady_clock::time_point begin) {
  if (options.kind != "transformer") return TrainLinearBundle(options, split, std::move(bundle), pool, begin);
  const int32_t positive_label = TRY(PositiveLabel(options, split.train.labels));
  TRY(CheckCalibrationOptions(options, split, positive_label));

  StartingPoint start = TRY(PrepareBaseModel(options, split.train));
  const int max_length = std::min(options.max_length, MaxTokens(start.model.config()));
  if (max_length < options.max_length) LogInfo("--max-length is {}: the base model has no more positions", max_length);
  const auto tokenizing = std::chrono::steady_clock::now();
  const TextEncoder encoder(
      start.tokenizer,
      {.max_length = max_length, .long_text = options.long_text, .fold_disguises = options.fold_disguises});
  TextSet train = EncodeExamples(split.train, encoder);
  const TextSet validation = EncodeExamples(split.validation, encoder);
  const TextSet test = EncodeExamples(split.test, encoder);

  const double tokenize_seconds = SecondsSince(tokenizing);
  if (options.teacher) TRY(AddTeacherOf(options, split, encoder, pool, train));
  const TrainerOptions trainer = TRY(ToTrainerOptions(options, train, start.model.config().num_layers, positive_label));
  const int total_steps = TotalSteps(trainer, train);
  TRY(RequireEvaluations(options, trainer, total_steps));
  TRY(RequireMemory(options, start.model.config(), trainer, train, pool.size(), validation.size()));
  LogInfo("training on {} texts, {} tokens, {} epochs of {} steps, {} thread{}, {}",
          FormatCount(static_cast<int64_t>(train.size())), FormatCount(static_cast<int64_t>(train.texts.ids.size())),
          trainer.epochs, total_steps / trainer.epochs, pool.size(), pool.size() == 1 ? "" : "s",
          NameOf(trainer.precision));
  Manifest manifest = TRY(ManifestOf(options, split.train.labels, positive_label));
  manifest.max_length = max_length;
  manifest.long_text = options.long_text;
  const Json hyperparameters = Hyperparameters(options, trainer, max_length);
  const TrainingJob job{.options = options,
                        .start = start,
                        .train = train,
                        .validation = validation,
                        .trainer = trainer,
                        .manifest = manifest,
                        .run = IdentityOf(hyperparameters, split, train, start.model, pool.size())};
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
  const bool has_test = test.size() > 0;
  const TextSet& reported = has_test ? test : validation;
  ForwardRunner runner(start.model, pool);
  const bool windows = options.long_text == LongText::kWindows;
  const auto answers_with = [&](const Calibration& calibration, const Dataset& dataset, const TextSet& set,
                                std::span<const float> logits) {
    return windows ? AnswersByWindows(dataset, set, encoder, manifest, calibration, runner)
                   : ProbabilitiesOf(logits, set, calibration);
  };
  const HeldOutTexts held_out{.dataset = split.validation,
                              .logits = result.validation_logits,
                              .answers = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                                return answers_with(calibration, split.validation, validation,
                                                    result.validation_logits);
                              },
                              .positive_label = positive_label,
                              .pooled = windows,
                              .source = "validation texts",
                              .weights = "f32"};
  const Json calibration = TRY(CalibrateTrained(options, split, held_out, manifest));
  const auto answers = [&](const Dataset& dataset, const TextSet& set, std::span<const float> logits) {
    return answers_with(CalibrationOf(manifest), dataset, set, logits);
  };
  const std::vector<float> logits =
      has_test && !windows ? runner.AllLogits(test.texts.view()) : result.validation_logits;
  const std::vector<float> probabilities = answers(has_test ? split.test : split.validation, reported, logits);
  if (options.tune_thresholds) {
    TRY(TuneThresholds(answers(split.validation, validation, result.validation_logits), split.validation, manifest));
  }
  const Dataset& reported_texts = has_test ? split.test : split.validation;
  std::vector<std::vector<int32_t>> decided = TRY(Decided(probabilities, reported_texts, manifest));
  const Metrics metrics = TRY(MetricsOf(probabilities, reported_texts, manifest, decided));

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
  Json document = TrainingInfoJson(info);
  if (!calibration.is_null()) document["calibration"] = calibration["figures"];
  if (options.throwaway) {
    return TrainedBundle{std::move(document), metrics, has_test, probabilities, std::move(decided)};
  }
  TRY(WriteModelFiles(start.model, start, max_length, bundle.path()));
  TRY(WriteFileAtomically(bundle.path() / "training_info.json", document.dump(2) + "\n"));
  WriteCurves(run, manifest.name, trainer.metric, options.output_dir, bundle.path());
  if (options.keep_data) TRY(WriteCalibrationTexts(bundle.path() / "calibration.jsonl", split.validation));
  TRY(SealBundle(bundle.path(), manifest));
  TRY(bundle.Commit());

  LogInfo("{} is ready: {} training texts, {:.0f} s, best epoch {:.3g}", options.output_dir.string(),
          FormatCount(static_cast<int64_t>(train.size())), info.total_seconds, result.best().epoch);
  if (options.teacher) {
    document["compared_with_teacher"] =
        TRY(CompareWithTeacher(options, has_test ? split.test : split.validation, pool));
  }
  return TrainedBundle{std::move(document), metrics, has_test, probabilities, std::move(decided)};
}

}  // namespace winnow
