#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "decide/probabilities.h"
#include "encoder/backward.h"
#include "train/optimizer.h"

namespace winnow {
namespace {

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The order of one epoch's texts; the same for the same seed and epoch.
std::vector<uint32_t> ShuffledOrder(size_t texts, uint64_t seed, int epoch) {
  std::vector<uint32_t> order(texts);
  std::iota(order.begin(), order.end(), 0u);
  Random(seed, "epoch " + std::to_string(epoch)).Shuffle(order);
  return order;
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
        total_steps_(TotalSteps(options, train.size())),
        warmup_steps_(options.warmup_steps.value_or(static_cast<int>(std::ceil(options.warmup_ratio * total_steps_)))),
        pass_(model, pool),
        gradients_(model.config(), model.layout(), pool.size()),
        optimizer_(model, {.weight_decay = options.weight_decay, .head_lr_factor = options.head_lr_factor}, pool),
        runner_(model, pool) {}

  Result<TrainingResult> Run() {
    for (int epoch = 1; epoch <= options_.epochs; ++epoch) {
      TRY(RunEpoch(epoch));
    }
    RestoreBest();
    return std::move(result_);
  }

 private:
  Result<void> RunEpoch(int epoch) {
    const std::vector<uint32_t> order = ShuffledOrder(train_.size(), options_.seed, epoch);
    const auto batch_size = static_cast<size_t>(options_.batch_size);
    double loss_sum = 0;
    for (size_t begin = 0; begin < order.size(); begin += batch_size) {
      const size_t count = std::min(batch_size, order.size() - begin);
      const StepReport report = TRY(RunStep(epoch, std::span(order).subspan(begin, count)));
      loss_sum += report.loss * static_cast<double>(count);
      if (callbacks_.on_step) callbacks_.on_step(report);
      if (callbacks_.cancelled && callbacks_.cancelled()) {
        return Fail(ErrorCode::kCancelled,
                    "stopped at step " + std::to_string(step_) + " of " + std::to_string(total_steps_));
      }
    }
    return Evaluate(epoch, loss_sum / static_cast<double>(order.size()));
  }

  Result<StepReport> RunStep(int epoch, std::span<const uint32_t> indices) {
    const double begin = Now();
    Gather(train_, indices, batch_);
    optimizer_.Use(batch_.texts.ids);
    const StepDropout dropout{.enabled = true, .key = Dropout::MixKey(options_.seed, static_cast<uint64_t>(step_))};
    const std::span<const float> logits = pass_.Forward(batch_.texts.view(), dropout);
    logits_grad_.resize(logits.size());
    const double weight = LossWeight(TargetsOf(batch_), batch_.num_labels, options_.loss);
    const double loss = ComputeLoss(logits, batch_.num_labels, TargetsOf(batch_), options_.loss, weight, logits_grad_);
    gradients_.Begin();
    pass_.Backward(logits_grad_, gradients_);
    const double norm = gradients_.Norm(pool_);
    if (!std::isfinite(loss) || !std::isfinite(norm)) return std::unexpected(NotFinite(epoch, loss));
    const double clip = options_.max_grad_norm > 0 ? std::min(1.0, options_.max_grad_norm / (norm + 1e-6)) : 1.0;
    const double lr = options_.lr * ScheduleFactor(options_.schedule, step_, warmup_steps_, total_steps_);
    optimizer_.Step(gradients_, lr, clip);
    ++step_;
    const double seconds = Now() - begin;
    result_.training_seconds += seconds;
    result_.tokens += batch_.texts.ids.size();
    return StepReport{step_, total_steps_, epoch, loss, lr, norm, batch_.texts.ids.size(), seconds};
  }

  Error NotFinite(int epoch, double loss) const {
    std::string rows;
    for (size_t i = 0; i < std::min<size_t>(batch_.rows.size(), 8); ++i) {
      rows += (i == 0 ? "" : ", ") + std::to_string(batch_.rows[i]);
    }
    if (batch_.rows.size() > 8) rows += ", ...";
    return {ErrorCode::kInternal,
            (std::isfinite(loss) ? "the gradient" : "the loss") + std::string(" is not a number at step ") +
                std::to_string(step_ + 1) + ", epoch " + std::to_string(epoch) + " (rows " + rows + ")",
            "training diverged: lower --lr, add --warmup-ratio .1, or keep --max-grad-norm 1"};
  }

  Result<void> Evaluate(int epoch, double train_loss) {
    optimizer_.Settle();
    EpochReport report;
    report.epoch = epoch;
    report.step = step_;
    report.train_loss = train_loss;
    std::vector<float> logits = runner_.AllLogits(validation_.texts.view());
    std::vector<float> unused(logits.size());
    report.validation_loss = ComputeLoss(logits, validation_.num_labels, TargetsOf(validation_), {},
                                         LossWeight(TargetsOf(validation_), validation_.num_labels, {}), unused);
    report.metrics = TRY(MetricsOfLogits(logits, validation_, model_.config().labels, 1.0,
                                         {.positive_label = options_.positive_label, .bootstrap_resamples = 0}));
    report.metric = TRY(MetricByName(report.metrics, options_.metric));
    const bool higher = TRY(HigherIsBetter(options_.metric));
    // Of equal metrics, which are common on small validation sets, the lower loss is the better epoch.
    const auto better = [&](const EpochReport& than) {
      if (report.metric != than.metric) return higher == (report.metric > than.metric);
      return report.validation_loss < than.validation_loss;
    };
    report.best = result_.epochs.empty() || better(result_.best());
    result_.epochs.push_back(report);
    if (report.best) {
      result_.best_epoch = epoch;
      result_.validation_logits = std::move(logits);
      if (epoch < options_.epochs) SaveBest();
    }
    if (callbacks_.on_epoch) TRY(callbacks_.on_epoch(report, model_));
    return {};
  }

  void SaveBest() {
    best_words_.assign(model_.words(), model_.words() + model_.layout().matrices);
    const float* rest = model_.at(model_.layout().matrices);
    best_rest_.assign(rest, rest + (model_.layout().total - model_.layout().matrices));
  }

  void RestoreBest() {
    if (result_.best_epoch == options_.epochs) return;
    std::ranges::copy(best_words_, model_.writable_words());
    std::ranges::copy(best_rest_, model_.at(model_.layout().matrices));
  }

  Model& model_;
  const TextSet& train_;
  const TextSet& validation_;
  const TrainerOptions& options_;
  ThreadPool& pool_;
  const TrainerCallbacks& callbacks_;
  const int total_steps_;
  const int warmup_steps_;
  TrainingPass pass_;
  Gradients gradients_;
  Optimizer optimizer_;
  ForwardRunner runner_;
  TextSet batch_;
  std::vector<float> logits_grad_;
  std::vector<float> best_words_, best_rest_;
  int step_ = 0;  // steps done
  TrainingResult result_;
};

}  // namespace

int TotalSteps(const TrainerOptions& options, size_t texts) {
  const auto batch = static_cast<size_t>(options.batch_size);
  return static_cast<int>((texts + batch - 1) / batch) * options.epochs;
}

std::vector<float> BalancedClassWeights(const TextSet& set) {
  std::vector<size_t> counts(set.num_labels, 0);
  for (const int32_t label : set.labels) ++counts[static_cast<size_t>(label)];
  std::vector<float> weights(set.num_labels, 1.0f);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    weights[i] = static_cast<float>(static_cast<double>(set.size()) /
                                    (static_cast<double>(counts.size()) * static_cast<double>(counts[i])));
  }
  return weights;
}

Result<Metrics> MetricsOfLogits(std::span<const float> logits, const TextSet& set, std::span<const std::string> labels,
                                double temperature, const MetricsOptions& options) {
  std::vector<float> probabilities(logits.size());
  if (!set.multi_label) {
    Softmax(logits, static_cast<int>(set.num_labels), temperature, probabilities);
    return ComputeMetrics(probabilities, set.labels, labels, options);
  }
  Sigmoid(logits, temperature, probabilities);
  std::vector<std::vector<int32_t>> truth(set.size());
  for (size_t t = 0; t < set.size(); ++t) {
    for (size_t i = 0; i < set.num_labels; ++i) {
      if (set.targets[t * set.num_labels + i] > 0.5f) truth[t].push_back(static_cast<int32_t>(i));
    }
  }
  return ComputeMultiLabelMetrics(probabilities, truth, labels, options);
}

Result<TrainingResult> TrainModel(Model& model, const TextSet& train, const TextSet& validation,
                                  const TrainerOptions& options, ThreadPool& pool, const TrainerCallbacks& callbacks) {
  if (train.size() == 0 || validation.size() == 0) {
    return Fail(ErrorCode::kInvalidData,
                "there are no texts to " + std::string(train.size() == 0 ? "train on" : "validate with"),
                "give more data, or a --validation file");
  }
  TRY(HigherIsBetter(options.metric));  // an unknown metric is found before the work, not after
  TRY(CheckBatch(model.config(), train.texts.view()));
  TRY(CheckBatch(model.config(), validation.texts.view()));
  return Trainer(model, train, validation, options, pool, callbacks).Run();
}

}  // namespace winnow
