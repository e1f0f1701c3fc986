#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "base/lines.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "classify/long_text.h"
#include "classify/text_encoder.h"
#include "data/data_digest.h"
#include "encoder/batch.h"
#include "encoder/forward.h"
#include "pipeline/base_model.h"
#include "pipeline/distillation.h"
#include "pipeline/fitted_model.h"
#include "pipeline/trainer_options.h"
#include "pipeline/training_duration.h"
#include "pipeline/training_profile.h"
#include "pipeline/training_run.h"
#include "pipeline/unread_texts.h"
#include "train/epoch_plan.h"
#include "train/trainer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// What the trained bytes depend on: a checkpoint of another run is not gone on from.
RunIdentity IdentityOf(const ModelPlan& plan, Json hyperparameters, const Split& split, const TextSet& train,
                       const Model& base, int threads) {
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
  // Checkpoints from before there was an option do not have it.
  if (plan.attention_dropout) run["attention_dropout"] = base.config().attention_dropout;
  run["classifier_dropout"] = base.config().classifier_dropout;
  run["weights_before_training"] = hasher.Hex();  // last in order: other data may be why they differ
  return run;
}

std::vector<float> ProbabilitiesOf(std::span<const float> logits, const TextSet& set, const Calibration& calibration) {
  std::vector<float> probabilities(logits.size());
  Calibrate(calibration, logits, set.num_labels, set.multi_label, probabilities);
  return probabilities;
}

class FineTuned final : public FittedModel {
 public:
  FineTuned(const TrainingInput& input, BaseModel base, ThreadPool& pool, TrainingObserver& observer)
      : input_(input), base_(std::move(base)), pool_(pool), observer_(observer) {}

  Result<void> Fit() {
    TRY(Tokenize());
    TRY(CheckBatch(base_.model.config(), test_.texts.view()));  // the other parts are checked by the training
    trainer_ =
        TRY(ToTrainerOptions(input_.plan, train_, base_.model.config().num_layers, input_.positive_label, observer_));
    if (!input_.class_weights.empty()) {
      (train_.multi_label ? trainer_.loss.pos_weights : trainer_.loss.class_weights) = input_.class_weights;
    }
    // A teacher's answers are soft already.
    if (!input_.plan.distillation.teacher) SmoothSoftLabels(trainer_.loss.label_smoothing, train_);
    const ModelConfig& config = base_.model.config();
    if (config.num_layer_groups > 0 && trainer_.frozen_depths > 1 && trainer_.frozen_depths <= config.num_layers) {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format(
              "--freeze {}: the layers of the base model share their weights, so single layers cannot be frozen",
              input_.plan.trainer.freeze),
          "pass --freeze encoder or --freeze embeddings");
    }
    const int total_steps = TotalSteps(trainer_, train_);
    WarnOfLearningRate(trainer_, total_steps, CachesFeatures(trainer_, config), observer_);
    TRY(RequireEvaluations(input_.plan.trainer, trainer_, total_steps, observer_));
    TRY(RequireMemory(input_.plan.model.max_length, base_.model.config(), trainer_, train_, validation_.size(),
                      pool_.size(), observer_));
    observer_.Note(fmt::format(
        "training on {} texts, {} tokens, {}, {} thread{}, {}", FormatCount(static_cast<int64_t>(train_.size())),
        FormatCount(static_cast<int64_t>(train_.texts.ids.size())),
        trainer_.max_steps > 0 ? fmt::format("{} steps", total_steps)
                               : fmt::format("{} epochs of {} steps", trainer_.epochs, total_steps / trainer_.epochs),
        pool_.size(), pool_.size() == 1 ? "" : "s", NameOf(trainer_.precision)));
    input_.manifest.max_length = max_length_;
    input_.manifest.long_text = input_.plan.model.long_text;
    hyperparameters_ = Hyperparameters(input_.plan, trainer_, max_length_);
    result_ = TRY(RunSteps());
    runner_.emplace(base_.model, pool_);
    return {};
  }

  const std::vector<float>& validation_logits() const override { return result_.validation_logits; }
  std::string weights() const override { return "f32"; }

  std::vector<float> Probabilities(HeldOutPart part, const Calibration& calibration) override {
    if (input_.plan.model.pooled()) return ProbabilitiesByWindows(part, calibration);
    if (part == HeldOutPart::kValidation) return ProbabilitiesOf(result_.validation_logits, validation_, calibration);
    return ProbabilitiesOf(runner_->AllLogits(test_.texts.view()), test_, calibration);
  }

  void Describe(HeldOutPart timed, TrainingInfo& info) override {
    const TrainingState& state = result_.state;
    info.base_model_id = input_.plan.model.base_model;
    info.unlabelled_count = train_.size() - input_.split.train.examples.size();
    info.epochs_run = state.evaluations.back().epoch;
    info.best_epoch = result_.best().epoch;
    info.val_macro_f1 = result_.best().f1_macro;
    info.val_accuracy = result_.best().accuracy;
    info.training_seconds = RoundedToThousandths(info.training_seconds + result_.earlier_seconds);
    info.tokens_per_second = std::round(static_cast<double>(state.tokens) / state.training_seconds);
    info.inference_ms = RoundedToThousandths(InferenceMs(SetOf(timed)));
    info.hyperparameters = hyperparameters_;
    for (const Evaluation& e : state.evaluations) {
      info.history.push_back({.epoch = e.epoch,
                              .step = e.step,
                              .train_loss = e.train_loss,
                              .validation_loss = e.validation_loss,
                              .accuracy = e.accuracy,
                              .f1_macro = e.f1_macro});
    }
  }

  Result<void> WriteFiles(const fs::path& dir) override { return WriteModelFiles(base_, max_length_, dir); }

  /// Event files were written while training went on. They are not worth a trained model: what fails is told.
  void BeforeSealing(const fs::path& dir) override {
    observer_.OnBundleFiles(dir, input_.manifest.name, result_.state, trainer_.metric);
    const fs::path runs = input_.plan.output.dir / kRunsDirectory;
    std::error_code error;
    if (!fs::exists(runs, error)) return;
    fs::copy(runs, dir / kRunsDirectory, fs::copy_options::recursive, error);
    if (error) observer_.Warn((dir / kRunsDirectory).string() + ": " + error.message());
  }

  std::string Summary(double seconds) const override {
    return fmt::format("{} training texts, {:.0f} s, best epoch {:.3g}",
                       FormatCount(static_cast<int64_t>(train_.size())), seconds, result_.best().epoch);
  }

 private:
  /// Token ids of all parts, and the predictions of the teacher if there is one.
  Result<void> Tokenize() {
    const ModelPlan& plan = input_.plan.model;
    max_length_ = std::min(plan.max_length, MaxTokens(base_.model.config()));
    if (max_length_ < plan.max_length) {
      observer_.Note(fmt::format("--max-length is reduced to {}, the maximum of the base model", max_length_));
    }
    const auto begin = Clock::now();
    const TextEncoder& encoder =
        encoder_.emplace(base_.tokenizer, TextEncoderOptions{.max_length = max_length_,
                                                             .long_text = plan.long_text,
                                                             .fold_disguises = plan.fold_disguises});
    train_ = EncodeExamples(input_.split.train, encoder);
    validation_ = EncodeExamples(input_.split.validation, encoder);
    test_ = EncodeExamples(input_.split.test, encoder);
    tokenize_seconds_ = SecondsSince(begin);
    WarnOfUnreadTokens(train_, base_.tokenizer.unknown_id(), max_length_, plan, observer_);
    if (!input_.plan.distillation.teacher) return {};
    return AddTeacherPredictions(input_.plan, input_.split, encoder, pool_, observer_, train_);
  }

  Result<TrainingResult> RunSteps() {
    const bool profile = input_.plan.trainer.profile;
    Result<TrainingResult> result = RunTraining(
        {.output = input_.plan.output,
         .base = base_,
         .train = train_,
         .validation = validation_,
         .trainer = trainer_,
         .manifest = input_.manifest,
         .run = IdentityOf(input_.plan.model, hyperparameters_, input_.split, train_, base_.model, pool_.size())},
        pool_, observer_);
    if (!result || !profile) return result;
    for (const std::string& line : Lines(ProfileText(result->times, tokenize_seconds_, trainer_.precision, pool_))) {
      observer_.Note(line);
    }
    return result;
  }

  const TextSet& SetOf(HeldOutPart part) const { return part == HeldOutPart::kTest ? test_ : validation_; }

  /// What the bundle will predict for texts that it reads in windows; the trainer saw head and tail of them.
  std::vector<float> ProbabilitiesByWindows(HeldOutPart part, const Calibration& calibration) {
    constexpr size_t kTextsAtOnce = 1024;  // bounds memory
    const Dataset& dataset = part == HeldOutPart::kTest ? input_.split.test : input_.split.validation;
    const TextSet& set = SetOf(part);
    const Pooling pooling{.multi_label = set.multi_label, .positive_label = input_.positive_label};
    std::vector<float> probabilities(set.size() * set.num_labels);
    TokenizedTexts tokens;
    const std::vector<InputTextView> texts = InputTexts(dataset);
    for (size_t begin = 0; begin < set.size(); begin += kTextsAtOnce) {
      tokens.Clear();
      encoder_->Encode(std::span(texts).subspan(begin, std::min(kTextsAtOnce, set.size() - begin)), tokens);
      const std::vector<float> logits = runner_->AllLogits(tokens.windows.view());
      PoolWindows(tokens, set.num_labels, pooling, ProbabilitiesOf(logits, set, calibration),
                  std::span(probabilities).subspan(begin * set.num_labels));
    }
    return probabilities;
  }

  /// The time of one text alone through the encoder, as a mean over some.
  double InferenceMs(const TextSet& texts) const {
    ForwardRunner runner(base_.model, pool_);
    const size_t count = std::min<size_t>(texts.size(), 64);
    const PackedTexts all = texts.texts.view();
    PackedBatch one;
    const auto begin = Clock::now();
    for (size_t t = 0; t < count; ++t) {
      one.Clear();
      one.Append(all.ids.subspan(all.begin(t), all.length(t)));
      runner.Logits(one.view());
    }
    return SecondsSince(begin) * 1000 / static_cast<double>(std::max<size_t>(count, 1));
  }

  const TrainingInput input_;
  BaseModel base_;
  ThreadPool& pool_;
  TrainingObserver& observer_;
  int max_length_ = 0;
  std::optional<TextEncoder> encoder_;  // with base_'s tokenizer
  TextSet train_, validation_, test_;
  double tokenize_seconds_ = 0;
  TrainerOptions trainer_;
  Json hyperparameters_;
  TrainingResult result_;
  std::optional<ForwardRunner> runner_;
};

}  // namespace

Result<std::unique_ptr<FittedModel>> FitTransformer(const TrainingInput& input, ThreadPool& pool,
                                                    TrainingObserver& observer) {
  BaseModel base = TRY(PrepareBaseModel(input.plan, input.split.train, observer));
  auto model = std::make_unique<FineTuned>(input, std::move(base), pool, observer);
  TRY(model->Fit());
  return model;
}

}  // namespace winnow
