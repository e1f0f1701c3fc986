#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "encoder/backward.h"
#include "support/tiny_model.h"
#include "train/optimizer.h"

namespace winnow {
namespace {

/// Texts whose label is whether token 9 occurs: learnt in a few epochs.
TextSet MakeSet(int count, int seed) {
  TextSet set;
  set.num_labels = 2;
  for (int t = 0; t < count; ++t) {
    std::vector<int32_t> ids = TinyText(3 + t % 9, seed + t);
    for (int32_t& id : ids) id = id == 9 ? 10 : id;
    const bool positive = (t * 7 + seed) % 3 == 0;
    if (positive) ids[1 + static_cast<size_t>(t) % (ids.size() - 2)] = 9;
    set.texts.Append(ids);
    set.labels.push_back(positive ? 1 : 0);
    set.rows.push_back(static_cast<size_t>(t) + 1);
  }
  return set;
}

TrainerOptions QuickOptions() {
  TrainerOptions options;
  options.epochs = 6;
  options.batch_size = 16;
  options.lr = 3e-3;
  return options;
}

std::vector<float> Weights(const Model& model) {
  std::vector<float> all(model.words(), model.words() + model.layout().matrices);
  const float* rest = model.at(model.layout().matrices);
  all.insert(all.end(), rest, rest + (model.layout().total - model.layout().matrices));
  return all;
}

TEST(Trainer, LearnsWhatIsThereToLearn) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(2);
  const TextSet train = MakeSet(200, 0), validation = MakeSet(60, 1000);
  std::vector<int> steps;
  const auto result = TrainModel(
      model, train, validation, QuickOptions(), pool,
      {.on_step = [&](const StepReport& step) { steps.push_back(step.step); }, .on_epoch = {}, .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  EXPECT_GE(result->best().metrics.accuracy, 0.95);
  EXPECT_LT(result->epochs.back().train_loss, result->epochs.front().train_loss);
  EXPECT_EQ(static_cast<int>(steps.size()), TotalSteps(QuickOptions(), train.size()));
  EXPECT_EQ(steps.back(), 6 * 13);
  EXPECT_EQ(result->tokens, train.texts.ids.size() * 6);
}

TEST(Trainer, TheSameSeedAndThreadsGiveTheSameBytes) {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    const TextSet train = MakeSet(70, 0), validation = MakeSet(30, 500);
    TrainerOptions options = QuickOptions();
    options.epochs = 2;
    Model first = Model::Fresh(TinyConfig(), 1), second = Model::Fresh(TinyConfig(), 1),
          other = Model::Fresh(TinyConfig(), 1);
    ASSERT_TRUE(TrainModel(first, train, validation, options, pool));
    ASSERT_TRUE(TrainModel(second, train, validation, options, pool));
    options.seed = 43;
    ASSERT_TRUE(TrainModel(other, train, validation, options, pool));
    EXPECT_EQ(Weights(first), Weights(second));
    EXPECT_NE(Weights(first), Weights(other));
  }
}

TEST(Trainer, TheModelHoldsTheBestEpochAtTheEnd) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  const TextSet train = MakeSet(60, 0), validation = MakeSet(40, 300);
  TrainerOptions options = QuickOptions();
  options.lr = 0.05;  // far too high, so that later epochs are not better ones
  options.max_grad_norm = 0;
  std::vector<std::vector<float>> after_epoch;
  const auto result = TrainModel(model, train, validation, options, pool,
                                 {.on_step = {},
                                  .on_epoch = [&](const EpochReport&, const Model& m) -> Result<void> {
                                    after_epoch.push_back(Weights(m));
                                    return {};
                                  },
                                  .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  for (const EpochReport& epoch : result->epochs) EXPECT_LE(epoch.metric, result->best().metric);
  EXPECT_EQ(Weights(model), after_epoch[static_cast<size_t>(result->best_epoch) - 1]);
}

TEST(Trainer, CancellingStopsAfterTheStep) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  int steps = 0;
  const auto result = TrainModel(
      model, MakeSet(60, 0), MakeSet(40, 300), QuickOptions(), pool,
      {.on_step = [&](const StepReport&) { ++steps; }, .on_epoch = {}, .cancelled = [&] { return steps == 3; }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(steps, 3);
}

TEST(Trainer, ALossThatIsNoNumberStopsWithTheRows) {
  Model model = Model::Fresh(TinyConfig(), 1);
  model.at(model.layout().classifier)[0] = std::numeric_limits<float>::infinity();
  ThreadPool pool(1);
  const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), QuickOptions(), pool);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("step 1, epoch 1 (rows "), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().hint.find("--lr"), std::string::npos);
}

TEST(Trainer, NothingToTrainOnAndUnknownMetricsAreFoundBeforeTheWork) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  const TextSet some = MakeSet(20, 0);
  TextSet none;
  none.num_labels = 2;
  EXPECT_EQ(TrainModel(model, none, some, QuickOptions(), pool).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(TrainModel(model, some, none, QuickOptions(), pool).error().code, ErrorCode::kInvalidData);
  TrainerOptions options = QuickOptions();
  options.metric = "loveliness";
  EXPECT_EQ(TrainModel(model, some, some, options, pool).error().code, ErrorCode::kInvalidArgument);
}

TEST(Optimizer, UnusedEmbeddingRowsEqualADenseAdamW) {
  const ModelConfig config = TinyConfig();
  Model lazy = Model::Fresh(config, 2), dense = Model::Fresh(config, 2);
  ThreadPool pool(1);
  Optimizer lazily(lazy, {.weight_decay = 0.1}, pool), densely(dense, {.weight_decay = 0.1}, pool);
  std::vector<int32_t> everything(static_cast<size_t>(config.vocab_size));
  for (size_t i = 0; i < everything.size(); ++i) everything[i] = static_cast<int32_t>(i);
  densely.Use(everything);  // every row takes every step
  TrainingPass lazy_pass(lazy, pool), dense_pass(dense, pool);
  Gradients lazy_gradients(config, lazy.layout(), 1), dense_gradients(config, dense.layout(), 1);
  constexpr int kSteps = 30;
  for (int step = 0; step < kSteps; ++step) {
    PackedBatch batch;
    batch.Append(std::vector<int32_t>{1, 5 + step / 3, 2});  // rows come into use one after the other, some never
    const auto run = [&](Model&, Optimizer& optimizer, TrainingPass& pass, Gradients& gradients) {
      optimizer.Use(batch.ids);
      const auto logits = pass.Forward(batch.view(), {});
      std::vector<float> grad(logits.size());
      ComputeLoss(logits, 2, {.labels = std::vector<int32_t>{step % 2}, .targets = {}}, {}, 1.0, grad);
      gradients.Begin();
      pass.Backward(grad, gradients);
      optimizer.Step(gradients, 0.01, 1.0);
    };
    run(lazy, lazily, lazy_pass, lazy_gradients);
    run(dense, densely, dense_pass, dense_gradients);
  }
  lazily.Settle();
  densely.Settle();
  // Token embeddings alone: elsewhere Adam makes full steps of gradients that are zero but for rounding (key biases).
  const std::vector<float> a(lazy.words(), lazy.words() + lazy.layout().matrices);
  const std::vector<float> b(dense.words(), dense.words() + dense.layout().matrices);
  // The shared product is rounded once, the dense one at each of 30 steps: 30 * 6e-8 relative, then carried through the
  // steps.
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5f * std::max(1.0f, std::abs(b[i]))) << i;
}

TEST(Loss, CrossEntropyEqualsPyTorch) {
  // torch 2.15: CrossEntropyLoss(weight=[1, 2, .5])(logits, [2, 0, 1]) and its gradient.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f, 2.0f, 2.0f, 2.0f};
  const std::vector<int32_t> labels = {2, 0, 1};
  const LossOptions options{.class_weights = {1.0f, 2.0f, 0.5f}};
  std::vector<float> grad(9);
  const Targets targets{.labels = labels, .targets = {}};
  EXPECT_DOUBLE_EQ(LossWeight(targets, 3, options), 3.5);
  const double loss = ComputeLoss(logits, 3, targets, options, 3.5, grad);
  const auto log_sum = [&](int row) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += std::exp(static_cast<double>(logits[static_cast<size_t>(row * 3 + i)]));
    return std::log(sum);
  };
  EXPECT_NEAR(loss, (0.5 * (log_sum(0) - 0.5) + 1.0 * (log_sum(1) - 0.0) + 2.0 * (log_sum(2) - 2.0)) / 3.5, 1e-9);
  double total = 0;
  for (const float g : grad) total += static_cast<double>(g);
  EXPECT_NEAR(total, 0, 1e-6);  // each row's gradient sums to zero
  EXPECT_NEAR(grad[2], 0.5 * (std::exp(0.5 - log_sum(0)) - 1) / 3.5, 1e-6);
}

TEST(Loss, BinaryCrossEntropySurvivesLargeLogits) {
  const std::vector<float> logits = {1000.0f, -1000.0f, 0.0f, 2.0f};
  const std::vector<float> wanted = {1.0f, 0.0f, 1.0f, 0.0f};
  std::vector<float> grad(4);
  const Targets targets{.labels = {}, .targets = wanted};
  EXPECT_DOUBLE_EQ(LossWeight(targets, 2, {}), 4.0);
  EXPECT_NEAR(ComputeLoss(logits, 2, targets, {}, 4.0, grad), (0 + 0 + std::log(2.0) + std::log1p(std::exp(2.0))) / 4,
              1e-9);
  EXPECT_NEAR(grad[2], -0.5 / 4, 1e-7);
  EXPECT_NEAR(grad[0], 0, 1e-7);
}

TEST(Schedule, FollowsTransformers) {
  // transformers 5.23: get_linear_schedule_with_warmup(3, 10) and get_cosine_schedule_with_warmup(3, 10).
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 0, 3, 10), 0.0);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 2, 3, 10), 2.0 / 3);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 3, 3, 10), 1.0);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 9, 3, 10), 1.0 / 7);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 10, 3, 10), 0.0);
  EXPECT_NEAR(ScheduleFactor(Schedule::kCosine, 5, 3, 10), 0.8117449009293668, 1e-12);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kConstant, 1, 2, 10), 0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kConstant, 9, 2, 10), 1.0);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Schedule::kLinear, 0, 0, 10), 1.0);
}

TEST(ClassWeights, AreScikitLearnsBalancedOnes) {
  TextSet set;
  set.num_labels = 3;
  set.labels = {0, 0, 0, 1};
  for (size_t i = 0; i < 4; ++i) set.texts.Append(TinyText(1, 0));
  const auto weights = BalancedClassWeights(set);
  EXPECT_FLOAT_EQ(weights[0], 4.0f / 9);
  EXPECT_FLOAT_EQ(weights[1], 4.0f / 3);
  EXPECT_FLOAT_EQ(weights[2], 1.0f);
}

}  // namespace
}  // namespace winnow
