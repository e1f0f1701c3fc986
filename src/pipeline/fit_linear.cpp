#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/progress.h"
#include "base/stopwatch.h"
#include "bundle/labels.h"
#include "data/label_sets.h"
#include "evaluate/metrics.h"
#include "linear/train_linear.h"
#include "pipeline/fitted_model.h"
#include "pipeline/linear_choice.h"
#include "pipeline/linear_features.h"
#include "pipeline/unread_texts.h"
#include "text/folded_text.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

LinearKind KindOf(const TrainingPlan& plan) {
  return plan.model.kind == "svm"  ? LinearKind::kSvm
         : plan.linear.one_vs_rest ? LinearKind::kLogisticOneVsRest
                                   : LinearKind::kLogistic;
}

/// Class weights that are neither given nor chosen together with C are none: `--C 1` alone is scikit-learn's default.
Result<LinearChoiceOptions> ChoiceOptionsOf(const TrainingInput& input) {
  const TrainingPlan& plan = input.plan;
  const Dataset& train = input.split.train;
  const bool svm = plan.model.kind == "svm", binary = train.labels.size() == 2 && !train.multi_label;
  if (plan.linear.platt.value_or(false) && !svm && !binary) {
    return Fail(ErrorCode::kUnsupported, "--platt with --kind lr requires single-label data with exactly two labels",
                "omit it");
  }
  LinearChoiceOptions options{
      .kind = KindOf(plan),
      .may_use_one_vs_rest = KindOf(plan) == LinearKind::kLogistic && !binary && !train.multi_label && !plan.linear.C,
      .C = plan.linear.C,
      .metric = std::string(CanonicalMetricName(plan.trainer.metric).value_or("f1_macro")),
      .positive_label = input.positive_label,
      .platt = plan.linear.platt.value_or(svm || (binary && !plan.linear.C)),
      .tune_thresholds = TunesThresholds(plan, train.multi_label),
      .seed = plan.seed};
  const std::string& weights = plan.trainer.class_weights;
  const bool given = !input.class_weights.empty();
  if ((given || weights == "balanced") && train.multi_label) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("--class-weights{} cannot be combined with a multi-label linear model", given ? "" : " balanced"),
        "omit it; the decision thresholds compensate for rare labels");
  }
  if (given) {
    options.class_weights = input.class_weights;
    options.weighted = true;
  } else if (weights != "auto" || plan.linear.C) {
    options.weighted = weights == "balanced";
  }
  return options;
}

Json HyperparametersOf(const TrainingPlan& plan, const FeatureOptions& features, const LinearChoice& choice,
                       const LinearChoiceOptions& options) {
  Json json = {{"kind", plan.model.kind},
               {"C", choice.C},
               {"analyzer", plan.linear.analyzer},
               {"ngrams", fmt::format("{}-{}", features.min_ngram, features.max_ngram)},
               {"max_features", plan.linear.max_features},
               {"sublinear", plan.linear.sublinear},
               {"class_weights", choice.weighted ? "balanced" : "none"},
               {"platt", options.platt},
               {"seed", plan.seed}};
  if (features.analyzer == Analyzer::kBoth) {
    json["char_ngrams"] = fmt::format("{}-{}", features.min_char_ngram, features.max_char_ngram);
  }
  if (!plan.trainer.label_weights.empty()) json["class_weights"] = plan.trainer.label_weights;
  if (choice.kind == LinearKind::kLogisticOneVsRest) json["one_vs_rest"] = true;
  if (!choice.tried.empty()) json["chosen_by_cross_validation"] = choice.ToJson(options);
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
  FittedLinear(const TrainingInput& input, const FeatureOptions& features, LinearModel model, LinearChoice choice,
               Json hyperparameters, double fit_seconds, ThreadPool& pool)
      : input_(input),
        features_(features),
        model_(std::move(model)),
        choice_(std::move(choice)),
        hyperparameters_(std::move(hyperparameters)),
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

  CrossValidatedTexts TrainingPredictions(const Calibration& calibration) override {
    const Dataset& train = input_.split.train;
    CrossValidatedTexts result;
    result.probabilities.resize(choice_.rows.size() * train.labels.size());
    const std::span<float> logits = result.probabilities;
    for (size_t i = 0; i < choice_.rows.size(); ++i) {
      result.labels.push_back(train.examples[choice_.rows[i]].labels);
      LogitsOfScores(model_.kind(), train.multi_label, model_.platt(),
                     std::span(choice_.scores).subspan(i * model_.outputs(), model_.outputs()),
                     logits.subspan(i * train.labels.size(), train.labels.size()));
    }
    Calibrate(calibration, logits, train.labels.size(), train.multi_label, logits);
    return result;
  }

  void Describe(HeldOutPart timed, TrainingInfo& info) override {
    info.base_model_id = DescribeFeatures(input_.plan.linear, features_);
    info.inference_ms =
        RoundedToThousandths(InferenceMs(timed == HeldOutPart::kTest ? input_.split.test : input_.split.validation));
    info.hyperparameters = hyperparameters_;
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

  const TrainingInput input_;
  const FeatureOptions features_;
  const LinearModel model_;
  const LinearChoice choice_;
  const Json hyperparameters_;
  const double fit_seconds_;
  ThreadPool& pool_;
  const std::vector<float> validation_logits_;
};

}  // namespace

Result<std::unique_ptr<FittedModel>> FitLinear(const TrainingInput& input, ThreadPool& pool,
                                               TrainingObserver& observer) {
  const Split& split = input.split;
  const Dataset& train = split.train;
  LinearTrainingOptions training{.features = TRY(FeatureOptionsOf(input.plan.linear)), .seed = input.plan.seed};
  const LinearChoiceOptions options = TRY(ChoiceOptionsOf(input));
  const auto soft =
      std::ranges::count_if(train.examples, [](const Example& example) { return example.shares.size() > 1; });
  if (soft > 0) {
    observer.Note(fmt::format(
        "{} of {} training texts have soft labels; a linear model learns only the most probable label of each",
        FormatCount(soft), FormatCount(static_cast<int64_t>(train.examples.size()))));
  }
  const FoldedTexts texts(TextViews(train), input.plan.model.fold_disguises);
  WarnOfWordsWithoutSpaces(texts.texts(), input.plan.linear, observer);
  const auto begin = Clock::now();
  FittedFeatures features = TRY(Vectorizer::Fit(texts.texts(), training.features, pool));
  const auto begin_choice = Clock::now();
  LinearChoice choice = TRY(ChooseLinear(features.rows, train, train.examples.size() - split.synthetic - split.variants,
                                         options, pool, observer));
  const double choice_seconds = SecondsSince(begin_choice);
  training.platt = options.platt;
  training.solver.kind = choice.kind;
  training.solver.C = choice.C;
  if (choice.weighted) training.solver.row_weights = WeightsOfRows(train, options.class_weights);
  const std::vector<std::vector<int32_t>> truth = LabelSets(train);
  const LinearLabels labels{.ids = truth, .labels = train.labels.size(), .multi_label = train.multi_label};
  LinearModel model = TRY(TrainLinear(std::move(features), labels, training, pool));
  const double fit_seconds = SecondsSince(begin) - choice_seconds;
  if (!choice.tried.empty()) observer.Note(choice.Line(options) + fmt::format(" ({:.2f} s)", choice_seconds));
  if (choice.weighted && !training.platt.value_or(false) &&
      input.plan.calibration.calibration == CalibrationChoice::kTemperature) {
    observer.Note(
        fmt::format("{} shift the probabilities towards {} labels, which a temperature does not correct; --calibration "
                    "vector does",
                    options.class_weights.empty() ? "balanced class weights" : "class weights",
                    options.class_weights.empty() ? "rare" : "heavier"));
  }
  observer.Note(fmt::format("{}: {} features, fitted to {} texts in {:.2f} s",
                            DescribeFeatures(input.plan.linear, training.features),
                            FormatCount(static_cast<int64_t>(model.features())),
                            FormatCount(static_cast<int64_t>(train.examples.size())), fit_seconds));
  Json hyperparameters = HyperparametersOf(input.plan, training.features, choice, options);
  return std::make_unique<FittedLinear>(input, training.features, std::move(model), std::move(choice),
                                        std::move(hyperparameters), fit_seconds, pool);
}

}  // namespace winnow
