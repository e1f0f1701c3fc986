#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "base/progress.h"
#include "base/stopwatch.h"
#include "bundle/labels.h"
#include "data/label_sets.h"
#include "linear/train_linear.h"
#include "pipeline/fitted_model.h"
#include "text/folded_text.h"
#include "train/class_weights.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

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
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}' is not a valid range of n-gram lengths", option, text),
                fmt::format("specify FROM-TO, such as 1-3, up to {}", kLongestNgram));
  }
  return range;
}

Result<FeatureOptions> FeaturesOf(const LinearPlan& plan) {
  FeatureOptions features{.analyzer = plan.analyzer == "word"      ? Analyzer::kWord
                                      : plan.analyzer == "char"    ? Analyzer::kChar
                                      : plan.analyzer == "char_wb" ? Analyzer::kCharWb
                                                                   : Analyzer::kBoth,
                          .max_features = plan.max_features,
                          .sublinear = plan.sublinear};
  const bool words = features.analyzer == Analyzer::kWord || features.analyzer == Analyzer::kBoth;
  const NgramRange ngrams = TRY(ParseNgrams("--ngrams", plan.ngrams, {1, words ? 3 : 5}));
  const NgramRange characters = TRY(ParseNgrams("--char-ngrams", plan.char_ngrams, {1, 5}));
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

Result<LinearTrainingOptions> TrainingOptionsOf(const TrainingPlan& plan, const Dataset& train) {
  LinearTrainingOptions linear{.features = TRY(FeaturesOf(plan.linear)), .seed = plan.seed};
  linear.solver.C = plan.linear.C;
  linear.solver.kind = plan.model.kind == "svm"  ? LinearKind::kSvm
                       : plan.linear.one_vs_rest ? LinearKind::kLogisticOneVsRest
                                                 : LinearKind::kLogistic;
  if (plan.trainer.class_weights == "balanced") {
    if (train.multi_label) {
      return Fail(ErrorCode::kUnsupported,
                  "--class-weights balanced cannot be combined with a multi-label linear model",
                  "omit it; --tune-thresholds compensates for rare labels");
    }
    linear.solver.row_weights = BalancedRowWeights(train);
  }
  return linear;
}

Json HyperparametersOf(const TrainingPlan& plan, const FeatureOptions& features) {
  Json json = {{"kind", plan.model.kind},
               {"C", plan.linear.C},
               {"analyzer", plan.linear.analyzer},
               {"ngrams", fmt::format("{}-{}", features.min_ngram, features.max_ngram)},
               {"max_features", plan.linear.max_features},
               {"sublinear", plan.linear.sublinear},
               {"class_weights", plan.trainer.class_weights},
               {"seed", plan.seed}};
  if (features.analyzer == Analyzer::kBoth) {
    json["char_ngrams"] = fmt::format("{}-{}", features.min_char_ngram, features.max_char_ngram);
  }
  if (plan.linear.one_vs_rest) json["one_vs_rest"] = true;
  return json;
}

/// "TF-IDF of word 1-3".
std::string DescribeFeatures(const LinearPlan& plan, const FeatureOptions& features) {
  if (features.analyzer == Analyzer::kBoth) {
    return fmt::format("TF-IDF of word {}-{} and char_wb {}-{}", features.min_ngram, features.max_ngram,
                       features.min_char_ngram, features.max_char_ngram);
  }
  return fmt::format("TF-IDF of {} {}-{}", plan.analyzer, features.min_ngram, features.max_ngram);
}

class FittedLinear final : public FittedModel {
 public:
  FittedLinear(const FitInput& input, const FeatureOptions& features, LinearModel model, double fit_seconds,
               ThreadPool& pool)
      : input_(input),
        features_(features),
        model_(std::move(model)),
        fit_seconds_(fit_seconds),
        pool_(pool),
        validation_logits_(LogitsOf(input.split.validation)) {}

  const std::vector<float>& validation_logits() const override { return validation_logits_; }
  std::string weights() const override { return "linear"; }

  std::vector<float> Probabilities(HeldOutPart part, const Calibration& calibration) override {
    const bool test = part == HeldOutPart::kTest;
    const Dataset& set = test ? input_.split.test : input_.split.validation;
    std::vector<float> probabilities = test ? LogitsOf(set) : validation_logits_;
    Calibrate(calibration, probabilities, set.labels.size(), set.multi_label, probabilities);
    return probabilities;
  }

  void Describe(HeldOutPart timed, TrainingInfo& info) override {
    info.base_model_id = DescribeFeatures(input_.plan.linear, features_);
    info.inference_ms =
        RoundedToThousandths(InferenceMs(timed == HeldOutPart::kTest ? input_.split.test : input_.split.validation));
    info.hyperparameters = HyperparametersOf(input_.plan, features_);
    info.num_features = model_.features();
    info.fit_seconds = fit_seconds_;
  }

  Result<void> WriteFiles(const std::filesystem::path& dir) override {
    TRY(model_.Save(dir / kLinearFile));
    return WriteLabelsFile(dir / kLabelsFile, input_.split.train.labels.names);
  }

  std::string Summary(double seconds) const override {
    return fmt::format("{} training texts, {:.2f} s",
                       FormatCount(static_cast<int64_t>(input_.split.train.examples.size())), seconds);
  }

 private:
  std::vector<float> LogitsOf(const Dataset& set) const {
    std::vector<float> logits(set.examples.size() * set.labels.size());
    model_.Logits(FoldedTexts(TextViews(set), input_.plan.model.fold_disguises).texts(), pool_, logits);
    return logits;
  }

  /// The time of one text alone, text to logits, as a mean over some.
  double InferenceMs(const Dataset& set) const {
    constexpr size_t kTexts = 1000;
    LinearModel::Scratch scratch;
    std::vector<float> logits(set.labels.size());
    const size_t count = std::min(set.examples.size(), kTexts);
    const auto begin = Clock::now();
    for (size_t t = 0; t < count; ++t) model_.Logits(set.examples[t].text, scratch, logits);
    return SecondsSince(begin) * 1000 / static_cast<double>(std::max<size_t>(count, 1));
  }

  const FitInput input_;
  const FeatureOptions features_;
  const LinearModel model_;
  const double fit_seconds_;
  ThreadPool& pool_;
  const std::vector<float> validation_logits_;
};

}  // namespace

Result<std::unique_ptr<FittedModel>> FitLinear(const FitInput& input, ThreadPool& pool, TrainingObserver& observer) {
  const Dataset& train = input.split.train;
  const LinearTrainingOptions training = TRY(TrainingOptionsOf(input.plan, train));
  const FoldedTexts texts(TextViews(train), input.plan.model.fold_disguises);
  const auto begin = Clock::now();
  LinearModel model =
      TRY(TrainLinear(texts.texts(), LabelSets(train), train.labels.size(), train.multi_label, training, pool));
  const double fit_seconds = SecondsSince(begin);
  observer.Note(fmt::format("{}: {} features, fitted to {} texts in {:.2f} s",
                            DescribeFeatures(input.plan.linear, training.features),
                            FormatCount(static_cast<int64_t>(model.features())),
                            FormatCount(static_cast<int64_t>(train.examples.size())), fit_seconds));
  return std::make_unique<FittedLinear>(input, training.features, std::move(model), fit_seconds, pool);
}

}  // namespace winnow
