#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "decide/probabilities.h"
#include "encoder/backward.h"
#include "encoder/head_pass.h"
#include "evaluate/metrics.h"
#include "kernels/vector_ops.h"
#include "train/epoch_plan.h"
#include "train/loss.h"
#include "train/schedule.h"

namespace winnow {
namespace {

// A loss of a step, in nats per text, that no training recovers from: chance among a thousand labels is 7.
constexpr double kDivergedLoss = 500;

/// Returns the loss from which a training counts as diverged: kDivergedLoss, which distillation multiplies by the
/// square of the teacher's temperature, as it does the loss (train/loss.h).
double DivergedLoss(const TextSet& train) {
  const auto temperature = static_cast<double>(train.soft_temperature);
  return kDivergedLoss * (train.soft.empty() ? 1.0 : std::max(1.0, temperature * temperature));
}

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Returns the seconds since `since`, and sets `since` to now.
double Since(double& since) {
  const double now = Now();
  return now - std::exchange(since, now);
}

/// Returns the metrics of uncalibrated logits [texts, labels].
Result<Metrics> MetricsOfLogits(std::span<const float> logits, const TextSet& set, std::span<const std::string> labels,
                                int32_t positive_label) {
  const MetricsOptions options{.positive_label = positive_label, .bootstrap_resamples = 0};
  std::vector<float> probabilities(logits.size());
  if (!set.multi_label) {
    Softmax(logits, static_cast<int>(set.num_labels), 1.0, probabilities);
    return ComputeMetrics(probabilities, set.labels, labels, options);
  }
  Sigmoid(logits, 1.0, probabilities);
  std::vector<std::vector<int32_t>> truth(set.size());
  for (size_t t = 0; t < set.size(); ++t) {
    for (size_t i = 0; i < set.num_labels; ++i) {
      if (set.targets[t * set.num_labels + i] > 0.5f) truth[t].push_back(static_cast<int32_t>(i));
    }
  }
  return ComputeMultiLabelMetrics(probabilities, truth, labels, options);
}

class Trainer {
 public:
  Trainer(Model& model, const TextSet& train, const TextSet& validation, const TrainerOptions& options,
          ThreadPool& pool, const TrainerCallbacks& callbacks)
      : model_(model),
        train_(train),
        validation_(validation),
        options_(options),
        pool_(pool),
        callbacks_(callbacks),
        from_(model.layout().WeightsFrom(options.frozen_depths)),
        head_alone_(CachesFeatures(options, model.config())),
        pass_(model, pool, PassOptionsOf(options, &meter_)),
        head_(model, pool, PassOptionsOf(options, &meter_).products),
        gradients_(model.config(), model.layout(), pool.size(), options.frozen_depths),
        optimizer_(model,
                   {.weight_decay = options.weight_decay,
                    .head_lr_factor = options.head_lr_factor,
                    .layer_lr_decay = options.layer_lr_decay,
                    .frozen_depths = options.frozen_depths},
                   pool),
        runner_(model, pool) {
    const int total = TotalSteps(options, train);
    schedule_ = {.kind = options.schedule,
                 .warmup = options.warmup_steps.value_or(static_cast<int>(std::ceil(options.warmup_ratio * total))),
                 .total = total,
                 .cycles = options.num_cycles};
  }

  static TrainingPass::Options PassOptionsOf(const TrainerOptions& options, MatMulMeter* meter) {
    return {.frozen_depths = options.frozen_depths,
            .gradient_checkpointing = options.gradient_checkpointing,
            .products = {options.precision, options.meter_products ? meter : nullptr}};
  }

  Result<TrainingResult> Run(const ResumePoint* resume) {
    if (head_alone_) TRY(ComputeFeatures());
    if (resume != nullptr) TRY(Resume(*resume));
    if (resume == nullptr) state_.training_seconds = times_.features;  // a resumed training has them, and their tokens
    if (head_alone_ && resume == nullptr) state_.tokens = train_.texts.ids.size() + validation_.texts.ids.size();
    int before = 0;  // steps of the epochs before
    for (int epoch = 1; state_.step < schedule_.total && !Stopped(); ++epoch) {
      const EpochPlan plan = PlanEpoch(options_, train_, epoch);
      while (state_.step < std::min(before + plan.steps, schedule_.total) && !Stopped()) {
        TRY(RunStep(epoch, plan, static_cast<size_t>(state_.step - before)));
        TRY(AfterStep(epoch, state_.step - before, plan.steps));
      }
      before += plan.steps;
    }
    RestoreBest();
    const bool early = state_.step < schedule_.total;
    return TrainingResult{std::move(state_), times_, early, earlier_seconds_, std::move(best_logits_)};
  }

 private:
  Result<void> Resume(const ResumePoint& point) {
    state_ = point.state;
    earlier_seconds_ = state_.wall_seconds;
    TRY(optimizer_.Load(point.optimizer));
    if (state_.best < 0) return {};
    // The best weights so far, and what they answer.
    ModelConfig config = model_.config();
    const Model best = TRY(Model::Load(point.best_checkpoint, std::move(config), {}));
    KeepBest(best);
    best_logits_ = ValidationLogits(best);
    return {};
  }

  /// Computes the head's input for all texts. The frozen weights do not change, so a resumed run computes equal
  /// features.
  Result<void> ComputeFeatures() {
    double since = Now();
    const size_t total = train_.size() + validation_.size();
    const auto features_of = [&](const TextSet& set, size_t before) -> Result<FloatBuffer> {
      bool stopped = false;
      FloatBuffer features = runner_.AllFeatures(set.texts.view(), [&](size_t done) {
        if (callbacks_.on_features) callbacks_.on_features(before + done, total);
        stopped = callbacks_.cancelled && callbacks_.cancelled();
        return !stopped;
      });
      if (stopped) return Fail(ErrorCode::kCancelled, "stopped while the frozen encoder's outputs were computed");
      return features;
    };
    features_ = TRY(features_of(train_, 0));
    validation_features_ = TRY(features_of(validation_, train_.size()));
    times_.features = Since(since);
    return {};
  }

  std::vector<float> ValidationLogits(const Model& model) {
    if (head_alone_) return HeadPass(model, pool_).AllLogits(validation_features_.span());
    const auto max_texts = static_cast<size_t>(options_.eval_batch_size);
    runner_.WeightsChanged();
    if (&model == &model_) return runner_.AllLogits(validation_.texts.view(), {}, max_texts);
    return ForwardRunner(model, pool_).AllLogits(validation_.texts.view(), {}, max_texts);
  }

  /// Returns the logits of the texts in batch_, whose indices in the training part are `indices`.
  std::span<const float> Forward(std::span<const uint32_t> indices, const StepDropout& dropout) {
    if (!head_alone_) return pass_.Forward(batch_.texts.view(), dropout);
    const auto hidden = static_cast<size_t>(model_.config().hidden_size);
    batch_features_.Resize(indices.size() * hidden);
    for (size_t i = 0; i < indices.size(); ++i) {
      std::copy_n(features_.data() + indices[i] * hidden, hidden, batch_features_.data() + i * hidden);
    }
    return head_.Forward(batch_features_.span(), dropout);
  }

  void Backward() {
    if (head_alone_) {
      head_.Backward(logits_grad_, gradients_);
    } else {
      pass_.Backward(logits_grad_, gradients_);
    }
  }

  /// Returns true if early stopping ends the run.
  bool Stopped() const { return options_.patience > 0 && state_.best >= 0 && state_.stale() >= options_.patience; }

  /// The sums over the batches of a step.
  struct StepSums {
    double loss = 0;  // mean loss of the step's texts
    size_t tokens = 0, texts = 0;
  };

  Result<void> RunStep(int epoch, const EpochPlan& plan, size_t step_of_epoch) {
    const double begin = Now();
    const StepSums sums = TRY(ComputeGradients(epoch, plan, step_of_epoch));
    double since = Now();
    const double norm = gradients_.Norm(pool_);
    if (!std::isfinite(norm)) return std::unexpected(NotFinite(epoch, state_.step + 1, "the gradient"));
    const double clip = options_.max_grad_norm > 0 ? std::min(1.0, options_.max_grad_norm / (norm + 1e-6)) : 1.0;
    const double lr = options_.lr * ScheduleFactor(schedule_, state_.step);
    optimizer_.Step(gradients_, lr, clip);
    times_.optimizer += Since(since);
    ++state_.step;
    const double seconds = Now() - begin;
    CountStep(sums, seconds);
    if (callbacks_.on_step) {
      callbacks_.on_step({state_.step, schedule_.total, epoch, sums.loss, lr, norm, sums.tokens, seconds});
    }
    return {};
  }

  /// Computes the gradients of the batches of a step. The batches share the weight of the whole step, so that together
  /// they are one large batch.
  Result<StepSums> ComputeGradients(int epoch, const EpochPlan& plan, size_t step_of_epoch) {
    const auto each = static_cast<size_t>(options_.accumulation);
    const size_t first = step_of_epoch * each;
    const size_t last = std::min(first + each, plan.ends.size());
    double weight = 0;
    for (size_t b = first; b < last; ++b) {
      Gather(train_, plan.batch(b), batch_);
      weight += LossWeight(TargetsOf(batch_), batch_.num_labels, options_.loss);
    }
    const uint64_t key = Dropout::MixKey(options_.seed, static_cast<uint64_t>(state_.step));
    StepSums sums;
    gradients_.Begin();
    for (size_t b = first; b < last; ++b) {
      if (last - first > 1) Gather(train_, plan.batch(b), batch_);
      optimizer_.PrepareRows(batch_.texts.ids);
      const StepDropout dropout{.enabled = true, .key = b == first ? key : Dropout::MixKey(key, b - first)};
      double since = Now();
      const std::span<const float> logits = Forward(plan.batch(b), dropout);
      times_.forward += Since(since);
      logits_grad_.resize(logits.size());
      const double part =
          ComputeLoss(logits, batch_.num_labels, TargetsOf(batch_), options_.loss, weight, logits_grad_);
      sums.loss += part;
      if (!std::isfinite(sums.loss)) return std::unexpected(NotFinite(epoch, state_.step + 1, "the loss"));
      if (sums.loss > diverged_loss_) {
        return std::unexpected(
            Diverged(epoch, state_.step + 1, "the loss is " + std::to_string(std::lround(sums.loss))));
      }
      since = Now();
      Backward();
      times_.backward += Since(since);
      if (!head_alone_) sums.tokens += batch_.texts.ids.size();
      sums.texts += batch_.size();
    }
    return sums;
  }

  /// Adds a step to the state and to the times.
  void CountStep(const StepSums& sums, double seconds) {
    state_.training_seconds += seconds;
    step_seconds_ += seconds;
    times_.other = step_seconds_ - times_.forward - times_.backward - times_.optimizer;
    const MatMulUse use = meter_.Take();
    times_.products.seconds += use.seconds;
    times_.products.operations += use.operations;
    state_.tokens += sums.tokens;
    state_.loss_sum += sums.loss * static_cast<double>(sums.texts);
    state_.loss_weight += static_cast<double>(sums.texts);
  }

  bool HasFiniteWeights() const {
    const Layout& layout = model_.layout();
    return AllFinite(layout.matrices, model_.words()) &&
           AllFinite(layout.total - layout.matrices, model_.at(layout.matrices));
  }

  Error NotFinite(double epoch, int step, const std::string& what) const {
    return Diverged(epoch, step, what + " is NaN or infinite");
  }

  /// Returns the error of a training that cannot recover, with the rows of the last batch: their texts may explain it.
  Error Diverged(double epoch, int step, const std::string& what) const {
    std::string rows;
    for (size_t i = 0; i < std::min<size_t>(batch_.rows.size(), 8); ++i) {
      rows += (i == 0 ? "" : ", ") + std::to_string(batch_.rows[i]);
    }
    if (batch_.rows.size() > 8) rows += ", ...";
    return {ErrorCode::kInternal,
            "training diverged: " + what + " at step " + std::to_string(step) + ", epoch " +
                std::to_string(static_cast<int>(std::ceil(epoch))) + " (rows " + rows + ")",
            options_.max_grad_norm > 0 && options_.max_grad_norm <= 1
                ? "lower --lr (2e-5 is usual), or add --warmup-ratio .1"
                : "lower --lr (2e-5 is usual), add --warmup-ratio .1, or use --max-grad-norm 1"};
  }

  Result<void> AfterStep(int epoch, int step_of_epoch, int steps_of_epoch) {
    if (callbacks_.cancelled && callbacks_.cancelled()) {
      return Fail(ErrorCode::kCancelled,
                  "stopped at step " + std::to_string(state_.step) + " of " + std::to_string(schedule_.total));
    }
    const bool last = state_.step == schedule_.total;
    const auto due = [&](int steps) {
      return last || (steps > 0 ? state_.step % steps == 0 : step_of_epoch == steps_of_epoch);
    };
    const bool evaluate = due(options_.eval_steps);
    double since = Now();
    if (evaluate) TRY(Evaluate(epoch - 1 + static_cast<double>(step_of_epoch) / steps_of_epoch));
    times_.evaluation += Since(since);
    const bool save = options_.save_steps > 0 ? state_.step % options_.save_steps == 0 : evaluate;
    // RestoreBest of a resumed run reads the best weights from a checkpoint.
    const bool best = evaluate && state_.evaluations.back().best;
    if (last || Stopped() || !(save || best) || !callbacks_.on_checkpoint) return {};
    // A head's steps take less time than writing the model, and the features would be computed again all the same.
    if (head_alone_ && options_.save_steps == 0) return {};
    optimizer_.ApplyPendingDecay();
    if (!HasFiniteWeights())
      return std::unexpected(NotFinite(epoch, state_.step, "a weight"));  // and the good checkpoint stays
    state_.wall_seconds = earlier_seconds_ + Now() - begin_;
    TRY(callbacks_.on_checkpoint(state_, optimizer_, model_));
    times_.checkpoints += Since(since);
    return {};
  }

  Result<void> Evaluate(double epoch) {
    optimizer_.ApplyPendingDecay();
    Evaluation report;
    report.epoch = epoch;
    report.step = state_.step;
    report.train_loss = state_.loss_sum / state_.loss_weight;
    state_.loss_sum = state_.loss_weight = 0;
    std::vector<float> logits = ValidationLogits(model_);
    std::vector<float> unused(logits.size());
    report.validation_loss = ComputeLoss(logits, validation_.num_labels, TargetsOf(validation_), {},
                                         LossWeight(TargetsOf(validation_), validation_.num_labels, {}), unused);
    if (!std::isfinite(report.validation_loss))
      return std::unexpected(NotFinite(epoch, state_.step, "the validation loss"));
    const Metrics metrics = TRY(MetricsOfLogits(logits, validation_, model_.config().labels, options_.positive_label));
    report.accuracy = metrics.accuracy;
    report.f1_macro = metrics.f1_macro;
    report.metric = TRY(MetricByName(metrics, options_.metric));
    const bool higher = TRY(HigherIsBetter(options_.metric));
    // Of equal metrics, which are common on small validation sets, the lower loss is the better one.
    const auto better = [&](const Evaluation& than) {
      if (report.metric != than.metric) return higher == (report.metric > than.metric);
      return report.validation_loss < than.validation_loss;
    };
    report.best = state_.best < 0 || better(state_.evaluations[static_cast<size_t>(state_.best)]);
    if (report.best) {
      state_.best = static_cast<int>(state_.evaluations.size());
      best_logits_ = std::move(logits);
      if (state_.step < schedule_.total) KeepBest(model_);
    }
    state_.evaluations.push_back(report);
    if (callbacks_.on_evaluation) callbacks_.on_evaluation(report);
    return {};
  }

  void KeepBest(const Model& model) {
    if (options_.frozen_depths == 0) best_words_.assign(model.words(), model.words() + model.layout().matrices);
    const Layout& layout = model.layout();
    best_matrices_.assign(model.at(from_.matrix), model.at(layout.vectors));
    best_vectors_.assign(model.at(from_.vector), model.at(layout.total));
  }

  void RestoreBest() {
    if (state_.evaluations[static_cast<size_t>(state_.best)].step == state_.step) return;
    std::ranges::copy(best_words_, model_.writable_words());
    std::ranges::copy(best_matrices_, model_.at(from_.matrix));
    std::ranges::copy(best_vectors_, model_.at(from_.vector));
  }

  Model& model_;
  const TextSet& train_;
  const TextSet& validation_;
  const TrainerOptions& options_;
  ThreadPool& pool_;
  const TrainerCallbacks& callbacks_;
  ScheduleOptions schedule_;
  const Layout::From from_;  // the first weights that are trained
  const bool head_alone_;    // the head is trained alone, on cached features
  const double diverged_loss_ = DivergedLoss(train_);
  MatMulMeter meter_;
  TrainingPass pass_;
  HeadPass head_;
  Gradients gradients_;
  Optimizer optimizer_;
  ForwardRunner runner_;
  TextSet batch_;
  std::vector<float> logits_grad_;
  FloatBuffer features_, validation_features_, batch_features_;  // [texts, hidden] of head_alone_
  std::vector<float> best_words_, best_matrices_, best_vectors_;
  std::vector<float> best_logits_;
  TrainingState state_;
  PhaseTimes times_;
  double step_seconds_ = 0;
  const double begin_ = Now();
  double earlier_seconds_ = 0;
};

/// A metric that the labels of the validation part leave undefined is found before the work, by any predictions.
Result<void> RequireMetric(const TextSet& validation, const TrainerOptions& options,
                           std::span<const std::string> labels) {
  const std::vector<float> logits(validation.size() * validation.num_labels, 0.0f);
  const Metrics metrics = TRY(MetricsOfLogits(logits, validation, labels, options.positive_label));
  Result<double> value = MetricByName(metrics, options.metric);
  if (value) return {};
  value.error().message = "--metric " + options.metric +
                          " cannot choose the best epoch on these validation texts: " + value.error().message;
  value.error().hint = "specify another metric, such as f1_macro, or validation texts of every label";
  return std::unexpected(value.error());
}

}  // namespace

Result<TrainingResult> TrainModel(Model& model, const TextSet& train, const TextSet& validation,
                                  const TrainerOptions& options, ThreadPool& pool, const TrainerCallbacks& callbacks,
                                  const ResumePoint* resume) {
  if (train.size() == 0 || validation.size() == 0) {
    return Fail(ErrorCode::kInvalidData,
                "there are no texts to " + std::string(train.size() == 0 ? "train on" : "validate with"),
                "specify more data, a larger --validation-size or a --validation file");
  }
  static_cast<void>(TRY(HigherIsBetter(options.metric)));  // an unknown metric is found before the work, not after
  TRY(CheckBatch(model.config(), train.texts.view()));
  TRY(CheckBatch(model.config(), validation.texts.view()));
  TRY(RequireMetric(validation, options, model.config().labels));
  return Trainer(model, train, validation, options, pool, callbacks).Run(resume);
}

}  // namespace winnow
