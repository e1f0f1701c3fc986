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
#include "cli/base_model.h"
#include "cli/calibrating.h"
#include "cli/data_options.h"
#include "cli/gnuplot.h"
#include "cli/teaching.h"
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

Result<int32_t> PositiveLabel(const TrainCommandOptions& options, const LabelSet& labels) {
  if (options.positive_label.empty()) return labels.Find(DefaultPositiveLabel(labels.names));
  const int id = labels.Find(options.positive_label);
  if (id >= 0) return id;
  std::string names;
  for (const std::string& name : labels.names) names += (names.empty() ? "" : ", ") + name;
  return Fail(ErrorCode::kInvalidArgument, "--positive-label: the data have no label '" + options.positive_label + "'",
              "labels are: " + names);
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
  run["weights_before_training"] = hasher.Hex();  // last in order: other data may be why they differ
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
  return run;
}

Manifest ManifestOf(const TrainCommandOptions& options, std::map<std::string, std::string> label_map,
                    const Model& model, int max_length, int32_t positive_label) {
  Manifest manifest;
  manifest.name =
      options.name.empty() ? std::filesystem::weakly_canonical(options.output_dir).filename().string() : options.name;
  manifest.text_template = options.template_text;
  manifest.label_map = std::move(label_map);
  manifest.max_length = max_length;
  manifest.long_text = options.long_text;
  if (positive_label >= 0) manifest.positive_label = model.config().labels[static_cast<size_t>(positive_label)];
  return manifest;
}

std::vector<float> ProbabilitiesOf(std::span<const float> logits, const TextSet& set, const Calibration& calibration) {
  std::vector<float> probabilities(logits.size());
  Calibrate(calibration, logits, set.num_labels, set.multi_label, probabilities);
  return probabilities;
}

/// What the bundle will answer to texts that it reads in windows; the trainer saw head and tail of them.
std::vector<float> AnswersByWindows(const Dataset& dataset, const TextSet& set, const Tokenizer& tokenizer,
                                    const Manifest& manifest, const Calibration& calibration, ForwardRunner& runner) {
  constexpr size_t kTextsAtOnce = 1024;  // bounds memory
  const Pooling pooling{
      .multi_label = set.multi_label,
      .positive_label = manifest.positive_label.empty() ? -1 : dataset.labels.Find(manifest.positive_label)};
  std::vector<float> answers(set.size() * set.num_labels);
  TokenizedTexts tokens;
  std::vector<std::string_view> texts;
  for (size_t begin = 0; begin < set.size(); begin += texts.size()) {
    texts.clear();
    for (size_t t = begin; t < std::min(begin + kTextsAtOnce, set.size()); ++t) {
      texts.push_back(dataset.examples[t].text);
    }
    tokens.Clear();
    TokenizeTexts(tokenizer, texts, /*segmented=*/true, manifest.max_length, LongText::kWindows, tokens);
    const std::vector<float> logits = runner.AllLogits(tokens.windows.view());
    PoolWindows(tokens, set.num_labels, pooling, ProbabilitiesOf(logits, set, calibration),
                std::span(answers).subspan(begin * set.num_labels));
  }
  return answers;
}

/// --tune-thresholds: each label's own, from validation texts.
Result<void> TuneThresholds(std::span<const float> probabilities, const Dataset& validation, Manifest& manifest) {
  if (!validation.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds is for multi-label data: here each text has one label",
                "leave it out");
  }
  const std::vector<std::string>& labels = validation.labels.names;
  const std::vector<float> thresholds = BestF1Thresholds(probabilities, LabelSets(validation), labels.size());
  std::string line;
  for (size_t i = 0; i < labels.size(); ++i) {
    manifest.thresholds.labels[labels[i]] = std::round(static_cast<double>(thresholds[i]) * 1e4) / 1e4;
    line += fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", labels[i], thresholds[i]);
  }
  LogInfo("thresholds with the best F1 on the validation texts: {}", line);
  return {};
}

/// The bundle's own decisions in the moderate mode: each text's labels.
Result<std::vector<std::vector<int32_t>>> Decided(std::span<const float> probabilities, const Dataset& set,
                                                  const Manifest& manifest) {
  const std::vector<std::string>& labels = set.labels.names;
  const DecisionRule rule = TRY(DecisionRule::Of(manifest, labels, set.multi_label, manifest.name));
  std::vector<std::vector<int32_t>> decided;
  for (size_t t = 0; t < set.examples.size(); ++t) {
    Decision decision = rule.Decide(probabilities.subspan(t * labels.size(), labels.size()));
    decided.push_back(set.multi_label ? std::move(decision.labels) : std::vector{decision.label});
  }
  return decided;
}

Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decided) {
  const std::vector<std::string>& labels = set.labels.names;
  const MetricsOptions options{.positive_label =
                                   manifest.positive_label.empty() ? -1 : set.labels.Find(manifest.positive_label)};
  if (set.multi_label) return ComputeMultiLabelMetrics(probabilities, LabelSets(set), labels, options, decided);
  std::vector<int32_t> truth, one;
  for (const Example& example : set.examples) truth.push_back(example.labels.front());
  for (const std::vector<int32_t>& ids : decided) one.push_back(ids.front());
  return ComputeMetrics(probabilities, truth, labels, options, one);
}

/// Whether there are texts to calibrate on that were not trained on. With very few texts the training texts are the
/// validation part too.
bool HasHeldOut(const Split& split) {
  std::unordered_set<std::string_view> trained;
  for (const Example& example : split.train.examples) trained.insert(example.text);
  return std::ranges::any_of(split.validation.examples,
                             [&](const Example& example) { return !trained.contains(example.text); });
}

/// What would fail after the training, told before it.
Result<void> CheckCalibrationOptions(const TrainCommandOptions& options, const Split& split, int32_t positive_label) {
  if (options.tune_thresholds && options.calibrating.max_fpr) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds and --max-fpr both choose thresholds", "leave one out");
  }
  if (HasHeldOut(split)) {
    return CheckEnoughTexts(options.calibrating, split.validation, positive_label,
                            options.long_text == LongText::kWindows);
  }
  if (!options.calibrating.max_fpr) return {};
  return Fail(ErrorCode::kInvalidData, "--max-fpr: there are no validation texts besides the training texts",
              "give more texts, or validation texts with --validation");
}

/// Fits what is asked for on the validation texts, and tells of it. What --json prints comes back.
Result<nlohmann::ordered_json> CalibrateTrained(const TrainCommandOptions& options, const Split& split,
                                                const HeldOutTexts& texts, Manifest& manifest) {
  if (!HasHeldOut(split)) {
    LogInfo("temperature 1.00 (no held-out texts: nothing is calibrated on what was trained on)");
    return nlohmann::ordered_json();
  }
  CalibrationReport report = TRY(CalibrateManifest(texts, options.calibrating, manifest));
  if (!options.calibrating.max_fpr) {
    LogInfo("{}{}", report.line, report.notes.size() == 1 ? " (" + report.notes.front() + ")" : "");
    for (const std::string& note : report.notes) {
      if (report.notes.size() > 1) LogInfo("{}", note);
    }
  } else {
    for (const std::string& line : Lines(report.text)) LogInfo("{}", line);
    LogInfo(
        "the validation texts also chose the best epoch: for a promise without that reservation, winnow calibrate {} "
        "with texts of your own",
        options.output_dir.string());
  }
  return std::move(report.json);
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

}  // namespace

Result<TrainedBundle> TrainBundle(const TrainCommandOptions& options, const Split& split, BundleWriter bundle,
                                  ThreadPool& pool, std::chrono::steady_clock::time_point begin) {
  const int32_t positive_label = TRY(PositiveLabel(options, split.train.labels));
  TRY(CheckCalibrationOptions(options, split, positive_label));

  StartingPoint start = TRY(PrepareBaseModel(options, split.train));
  const int max_length = std::min(options.max_length, MaxTokens(start.model.config()));
  if (max_length < options.max_length) LogInfo("--max-length is {}: the base model has no more positions", max_length);
  const auto tokenizing = std::chrono::steady_clock::now();
  TextSet train = TokenizeExamples(split.train, start.tokenizer, max_length, options.long_text);
  const TextSet validation = TokenizeExamples(split.validation, start.tokenizer, max_length, options.long_text);
  const TextSet test = TokenizeExamples(split.test, start.tokenizer, max_length, options.long_text);

  const double tokenize_seconds = SecondsSince(tokenizing);
  if (options.teacher) TRY(AddTeacherOf(options, split, start.tokenizer, max_length, pool, train));
  const TrainerOptions trainer = TRY(ToTrainerOptions(options, train, start.model.config().num_layers, positive_label));
  const int total_steps = TotalSteps(trainer, train);
  TRY(RequireEvaluations(options, trainer, total_steps));
  TRY(RequireMemory(options, start.model.config(), trainer, train, pool.size(), validation.size()));
  LogInfo("training on {} texts, {} tokens, {} epochs of {} steps, {} thread{}, {}",
          FormatCount(static_cast<int64_t>(train.size())), FormatCount(static_cast<int64_t>(train.texts.ids.size())),
          trainer.epochs, total_steps / trainer.epochs, pool.size(), pool.size() == 1 ? "" : "s",
          NameOf(trainer.precision));
  Manifest manifest = ManifestOf(options, TRY(LabelMapOf(options)), start.model, max_length, positive_label);
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
    return windows ? AnswersByWindows(dataset, set, start.tokenizer, manifest, calibration, runner)
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
  const nlohmann::ordered_json calibration = TRY(CalibrateTrained(options, split, held_out, manifest));
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
  nlohmann::ordered_json document = TrainingInfoJson(info);
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
