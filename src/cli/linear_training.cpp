#include "cli/linear_training.h"

#include <fmt/format.h>

#include <charconv>

#include "base/files.h"
#include "base/log.h"
#include "base/progress.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "cli/data_options.h"
#include "cli/trained_model.h"
#include "cli/training_info.h"
#include "decide/calibration.h"
#include "linear/train_linear.h"
#include "text/folded_text.h"
#include "train/class_weights.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

struct NgramRange {
  int min = 1, max = 1;
};

constexpr int kLongestNgram = 32;

/// "1-3", or "2" for 2-2.
Result<NgramRange> ParseNgrams(std::string_view option, const std::string& text, NgramRange otherwise) {
  if (text.empty()) return otherwise;
  NgramRange range;
  const char* const end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, range.min);
  range.max = range.min;
  if (error == std::errc() && rest != end && *rest == '-') {
    const auto second = std::from_chars(rest + 1, end, range.max);
    rest = second.ptr;
    error = second.ec;
  }
  if (error != std::errc() || rest != end || range.min < 1 || range.max < range.min || range.max > kLongestNgram) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' is no range of lengths", option, text),
                fmt::format("expected FROM-TO, like 1-3, up to {}", kLongestNgram));
  }
  return range;
}

Result<FeatureOptions> FeaturesOf(const TrainCommandOptions& options) {
  FeatureOptions features{.analyzer = options.analyzer == "word"      ? Analyzer::kWord
                                      : options.analyzer == "char"    ? Analyzer::kChar
                                      : options.analyzer == "char_wb" ? Analyzer::kCharWb
                                                                      : Analyzer::kBoth,
                          .max_features = options.max_features,
                          .sublinear = options.sublinear};
  const bool words = features.analyzer == Analyzer::kWord || features.analyzer == Analyzer::kBoth;
  const NgramRange ngrams = TRY(ParseNgrams("--ngrams", options.ngrams, {1, words ? 3 : 5}));
  const NgramRange characters = TRY(ParseNgrams("--char-ngrams", options.char_ngrams, {1, 5}));
  features.min_ngram = ngrams.min;
  features.max_ngram = ngrams.max;
  features.min_char_ngram = characters.min;
  features.max_char_ngram = characters.max;
  return features;
}

std::vector<float> BalancedRowWeights(const Dataset& set) {
  std::vector<int32_t> labels;
  for (const Example& example : set.examples) labels.push_back(example.labels.front());
  const std::vector<float> of_label = BalancedClassWeights(labels, set.labels.size());
  std::vector<float> weights;
  for (const int32_t label : labels) weights.push_back(of_label[static_cast<size_t>(label)]);
  return weights;
}

Result<LinearTrainingOptions> TrainingOptionsOf(const TrainCommandOptions& options, const Dataset& train) {
  LinearTrainingOptions linear{.features = TRY(FeaturesOf(options)), .seed = options.seed};
  linear.solver.C = options.C;
  linear.solver.kind = options.kind == "svm" ? LinearKind::kSvm
                       : options.one_vs_rest ? LinearKind::kLogisticOneVsRest
                                             : LinearKind::kLogistic;
  if (options.class_weights == "balanced") {
    if (train.multi_label) {
      return Fail(ErrorCode::kUnsupported, "--class-weights balanced: linear models weigh labels of one label a text",
                  "leave it out; --tune-thresholds evens rare labels out");
    }
    linear.solver.row_weights = BalancedRowWeights(train);
  }
  return linear;
}

Result<void> CheckKind(const TrainCommandOptions& options) {
  const auto refuse = [&](const char* option) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is for transformers, and --kind is {}", option, options.kind), "leave one of them out");
  };
  if (options.teacher) return refuse("--teacher");
  if (options.quantize) return refuse("--quantize");
  if (options.resume) return refuse("--resume");
  return {};
}

Json HyperparametersOf(const TrainCommandOptions& options, const FeatureOptions& features) {
  Json json = {{"kind", options.kind},
               {"C", options.C},
               {"analyzer", options.analyzer},
               {"ngrams", fmt::format("{}-{}", features.min_ngram, features.max_ngram)},
               {"max_features", options.max_features},
               {"sublinear", options.sublinear},
               {"class_weights", options.class_weights},
               {"seed", options.seed}};
  if (features.analyzer == Analyzer::kBoth) {
    json["char_ngrams"] = fmt::format("{}-{}", features.min_char_ngram, features.max_char_ngram);
  }
  if (options.one_vs_rest) json["one_vs_rest"] = true;
  return json;
}

/// "TF-IDF of word 1-3".
std::string DescribeFeatures(const TrainCommandOptions& options, const FeatureOptions& features) {
  if (features.analyzer == Analyzer::kBoth) {
    return fmt::format("TF-IDF of word {}-{} and char_wb {}-{}", features.min_ngram, features.max_ngram,
                       features.min_char_ngram, features.max_char_ngram);
  }
  return fmt::format("TF-IDF of {} {}-{}", options.analyzer, features.min_ngram, features.max_ngram);
}

std::vector<float> LogitsOf(const LinearModel& model, const Dataset& set, bool fold, ThreadPool& pool) {
  std::vector<float> logits(set.examples.size() * set.labels.size());
  model.Logits(FoldedTexts(TextViews(set), fold).texts(), pool, logits);
  return logits;
}

std::vector<float> ProbabilitiesOf(std::span<const float> logits, const Dataset& set, const Calibration& calibration) {
  std::vector<float> probabilities(logits.size());
  Calibrate(calibration, logits, set.labels.size(), set.multi_label, probabilities);
  return probabilities;
}

/// The time of one text alone, text to logits, as a mean over some.
double InferenceMs(const LinearModel& model, const Dataset& set) {
  constexpr size_t kTexts = 1000;
  LinearModel::Scratch scratch;
  std::vector<float> logits(set.labels.size());
  const size_t count = std::min(set.examples.size(), kTexts);
  const auto begin = Clock::now();
  for (size_t t = 0; t < count; ++t) model.Logits(set.examples[t].text, scratch, logits);
  return SecondsSince(begin) * 1000 / static_cast<double>(std::max<size_t>(count, 1));
}

}  // namespace

Result<TrainedBundle> TrainLinearBundle(const TrainCommandOptions& options, const Split& split, BundleWriter bundle,
                                        ThreadPool& pool, Clock::time_point begin) {
  TRY(CheckKind(options));
  const int32_t positive_label = TRY(PositiveLabel(options, split.train.labels));
  TRY(CheckCalibrationOptions(options, split, positive_label));
  Manifest manifest = TRY(ManifestOf(options, split.train.labels, positive_label));
  const LinearTrainingOptions training = TRY(TrainingOptionsOf(options, split.train));

  const FoldedTexts texts(TextViews(split.train), options.fold_disguises);
  const auto fitting = Clock::now();
  const LinearModel model = TRY(TrainLinear(texts.texts(), LabelSets(split.train), split.train.labels.size(),
                                            split.train.multi_label, training, pool));
  const double fit_seconds = SecondsSince(fitting);
  LogInfo("{}: {} features, fitted to {} texts in {:.2f} s", DescribeFeatures(options, training.features),
          FormatCount(static_cast<int64_t>(model.features())),
          FormatCount(static_cast<int64_t>(split.train.examples.size())), fit_seconds);

  const std::vector<float> validation_logits = LogitsOf(model, split.validation, options.fold_disguises, pool);
  const auto answers = [&](std::span<const float> logits, const Dataset& set) {
    return ProbabilitiesOf(logits, set, CalibrationOf(manifest));
  };
  const HeldOutTexts held_out{.dataset = split.validation,
                              .logits = validation_logits,
                              .answers = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                                return ProbabilitiesOf(validation_logits, split.validation, calibration);
                              },
                              .positive_label = positive_label,
                              .source = "validation texts",
                              .weights = "linear"};
  const Json calibration = TRY(CalibrateTrained(options, split, held_out, manifest));
  const std::vector<float> validated = answers(validation_logits, split.validation);
  if (options.tune_thresholds) TRY(TuneThresholds(validated, split.validation, manifest));

  std::vector<std::vector<int32_t>> decided = TRY(Decided(validated, split.validation, manifest));
  const Metrics validation_metrics = TRY(MetricsOf(validated, split.validation, manifest, decided));
  const bool has_test = !split.test.examples.empty();
  std::vector<float> probabilities = validated;
  Metrics metrics = validation_metrics;
  if (has_test) {
    probabilities = answers(LogitsOf(model, split.test, options.fold_disguises, pool), split.test);
    decided = TRY(Decided(probabilities, split.test, manifest));
    metrics = TRY(MetricsOf(probabilities, split.test, manifest, decided));
  }

  const TrainingInfo info{.name = manifest.name,
                          .base_model = DescribeFeatures(options, training.features),
                          .val_macro_f1 = validation_metrics.f1_macro,
                          .val_accuracy = validation_metrics.accuracy,
                          .metrics = &metrics,
                          .metrics_of = has_test ? "test" : "validation",
                          .train = &split.train,
                          .validation_count = split.validation.examples.size(),
                          .test_count = split.test.examples.size(),
                          .total_seconds = SecondsSince(begin),
                          .inference_ms = InferenceMs(model, has_test ? split.test : split.validation),
                          .threads = pool.size(),
                          .hyperparameters = HyperparametersOf(options, training.features)};
  Json document = TrainingInfoJson(info);
  if (!calibration.is_null()) document["calibration"] = calibration["figures"];
  document["num_features"] = model.features();
  document["fit_seconds"] = fit_seconds;
  if (!options.throwaway) {
    TRY(model.Save(bundle.path() / kLinearFile));
    TRY(WriteLabelsFile(bundle.path() / "labels.json", split.train.labels.names));
    TRY(WriteFileAtomically(bundle.path() / "training_info.json", document.dump(2) + "\n"));
    if (options.keep_data) TRY(WriteCalibrationTexts(bundle.path() / "calibration.jsonl", split.validation));
    TRY(SealBundle(bundle.path(), manifest));
    TRY(bundle.Commit());
    LogInfo("{} is ready: {} training texts, {:.2f} s", options.output_dir.string(),
            FormatCount(static_cast<int64_t>(split.train.examples.size())), SecondsSince(begin));
  }
  return TrainedBundle{std::move(document), std::move(metrics), has_test, std::move(probabilities), std::move(decided)};
}

}  // namespace winnow
