#include "train/trainer.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "encoder/activations.h"
#include "support/tiny_training.h"
#include "train/epoch_plan.h"

namespace winnow {
namespace {

TEST(Trainer, LearnsWhatIsThereToLearn) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(200, 0), validation = TinyTextSet(60, 1000);
  std::vector<int> steps;
  const auto result = TrainModel(model, train, validation, QuickTraining(), pool,
                                 {.on_step = [&](const StepReport& step) { steps.push_back(step.step); },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  EXPECT_GE(result->best().accuracy, 0.95);
  EXPECT_LT(result->state.evaluations.back().train_loss, result->state.evaluations.front().train_loss);
  EXPECT_EQ(static_cast<int>(steps.size()), TotalSteps(QuickTraining(), train));
  EXPECT_EQ(steps.back(), 6 * 13);
  EXPECT_EQ(result->state.tokens, train.texts.ids.size() * 6);
}

TEST(Trainer, TheSameSeedAndThreadsGiveTheSameBytes) {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    const TextSet train = TinyTextSet(70, 0), validation = TinyTextSet(30, 500);
    TrainerOptions options = QuickTraining();
    options.epochs = 2;
    Model first = Model::Fresh(TinyConfig(), 1), second = Model::Fresh(TinyConfig(), 1),
          other = Model::Fresh(TinyConfig(), 1);
    ASSERT_TRUE(TrainModel(first, train, validation, options, pool));
    ASSERT_TRUE(TrainModel(second, train, validation, options, pool));
    options.seed = 43;
    ASSERT_TRUE(TrainModel(other, train, validation, options, pool));
    EXPECT_EQ(AllWeights(first), AllWeights(second));
    EXPECT_NE(AllWeights(first), AllWeights(other));
  }
}

TEST(Trainer, TheModelHoldsTheBestEpochAtTheEnd) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  const TextSet train = TinyTextSet(60, 0), validation = TinyTextSet(40, 300);
  TrainerOptions options = QuickTraining();
  options.lr = 0.05;  // far too high, so that later epochs are not better ones
  options.max_grad_norm = 0;
  std::vector<std::vector<float>> after_epoch;
  const auto result = TrainModel(model, train, validation, options, pool,
                                 {.on_step = {},
                                  .on_evaluation = [&](const Evaluation&) { after_epoch.push_back(AllWeights(model)); },
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  for (const Evaluation& epoch : result->state.evaluations) EXPECT_LE(epoch.metric, result->best().metric);
  EXPECT_EQ(AllWeights(model), after_epoch[static_cast<size_t>(result->state.best)]);
  EXPECT_LT(result->state.best, 5) << "the last epoch is no test of anything";
}

TEST(Trainer, CancellingStopsAfterTheStep) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  int steps = 0;
  const auto result = TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), QuickTraining(), pool,
                                 {.on_step = [&](const StepReport&) { ++steps; },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = [&] { return steps == 3; }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(steps, 3);
}

TEST(Trainer, ALossThatIsNoNumberStopsWithTheRows) {
  Model model = Model::Fresh(TinyConfig(), 1);
  model.at(model.layout().classifier)[0] = std::numeric_limits<float>::infinity();
  ThreadPool pool(1);
  const auto result = TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), QuickTraining(), pool);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("step 1, epoch 1 (rows "), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().hint.find("--lr"), std::string::npos);
}

TEST(Trainer, ALossThatIsHugeStops) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();
  options.lr = 1e4;
  options.max_grad_norm = 0;
  const auto result = TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), options, pool);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("training diverged: "), std::string::npos) << result.error().message;
}

TEST(Trainer, AHighTemperatureIsNoDivergence) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TextSet train = TinyTextSet(40, 0);
  train.soft.assign(train.size() * 2, 0.5f);
  train.soft_temperature = 40;  // the loss is about 40^2 ln 2
  TrainerOptions options = QuickTraining();
  options.epochs = 1;
  const auto result = TrainModel(model, train, TinyTextSet(20, 300), options, pool);
  EXPECT_TRUE(result) << result.error().Text();
  EXPECT_GT(result->best().train_loss, 500);
}

TEST(Trainer, StepsMayBeGivenInPlaceOfEpochs) {
  ThreadPool pool(1);
  const TextSet train = TinyTextSet(60, 0), validation = TinyTextSet(40, 300);  // four steps per epoch
  for (const int most : {3, 4, 10}) {
    Model model = Model::Fresh(TinyConfig(), 1);
    TrainerOptions options = QuickTraining();
    options.max_steps = most;
    EXPECT_EQ(TotalSteps(options, train), most);
    const auto result = TrainModel(model, train, validation, options, pool);
    ASSERT_TRUE(result) << result.error().Text();
    EXPECT_EQ(result->state.step, most);
    EXPECT_EQ(result->state.evaluations.back().step, most);
    EXPECT_EQ(result->state.evaluations.back().epoch, most / 4.0);
    EXPECT_FALSE(result->stopped_early);
  }
}

TEST(Trainer, NothingToTrainOnAndUnknownMetricsAreFoundBeforeTheWork) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  const TextSet some = TinyTextSet(20, 0);
  TextSet none;
  none.num_labels = 2;
  EXPECT_EQ(TrainModel(model, none, some, QuickTraining(), pool).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(TrainModel(model, some, none, QuickTraining(), pool).error().code, ErrorCode::kInvalidData);
  TrainerOptions options = QuickTraining();
  options.metric = "loveliness";
  EXPECT_EQ(TrainModel(model, some, some, options, pool).error().code, ErrorCode::kInvalidArgument);
  // A metric that the validation texts leave undefined would end the training after its first evaluation.
  TextSet one_label = some;
  one_label.labels.assign(one_label.size(), 0);
  options.metric = "roc_auc";
  int steps = 0;
  const auto refused = TrainModel(
      model, some, one_label, options, pool,
      {.on_step = [&](const StepReport&) { ++steps; }, .on_evaluation = {}, .on_checkpoint = {}, .cancelled = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidData);
  EXPECT_NE(refused.error().message.find("--metric roc_auc"), std::string::npos) << refused.error().message;
  EXPECT_EQ(steps, 0);
}

TEST(Trainer, ALowerLossMakesABetterEpochAlsoAmongEqualMetrics) {
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();
  options.lr = 0.05;
  options.epochs = 10;
  options.max_grad_norm = 0;
  for (const char* const metric : {"nll", "accuracy"}) {
    options.metric = metric;
    Model model = Model::Fresh(TinyConfig(), 1);
    const auto result = TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), options, pool);
    ASSERT_TRUE(result) << result.error().Text();
    const Evaluation& best = result->best();
    int equal = 0;
    for (const Evaluation& epoch : result->state.evaluations) {
      if (options.metric == "nll") {
        EXPECT_LE(best.metric, epoch.metric);
      } else {
        EXPECT_GE(best.metric, epoch.metric);
      }
      if (epoch.metric != best.metric) continue;
      ++equal;
      EXPECT_LE(best.validation_loss, epoch.validation_loss);
    }
    if (options.metric == "accuracy") {
      EXPECT_GT(equal, 1) << "nothing was compared by its loss";
    }
  }
}

TEST(Trainer, TheLearningRateRisesForTheWarmUpAndFallsToTheEnd) {
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();  // four steps per epoch, 24 in all
  const auto rates = [&] {
    Model model = Model::Fresh(TinyConfig(), 1);
    std::vector<double> rates;
    EXPECT_TRUE(TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), options, pool,
                           {.on_step = [&](const StepReport& step) { rates.push_back(step.lr / options.lr); },
                            .on_evaluation = {},
                            .on_checkpoint = {},
                            .cancelled = {}}));
    EXPECT_EQ(rates.size(), 24u);
    rates.resize(24);
    return rates;
  };
  EXPECT_DOUBLE_EQ(rates().front(), 1);
  options.warmup_ratio = 0.1;  // 2.4 steps, rounded up as transformers does
  const std::vector<double> by_ratio = rates();
  EXPECT_DOUBLE_EQ(by_ratio[0], 0);
  EXPECT_DOUBLE_EQ(by_ratio[2], 2.0 / 3);
  EXPECT_DOUBLE_EQ(by_ratio[3], 1);
  EXPECT_NEAR(by_ratio[23], 1.0 / 21, 1e-12);
  options.warmup_steps = 6;  // whatever the ratio
  const std::vector<double> by_steps = rates();
  EXPECT_DOUBLE_EQ(by_steps[3], 0.5);
  EXPECT_DOUBLE_EQ(by_steps[6], 1);
  EXPECT_NEAR(by_steps[23], 1.0 / 18, 1e-12);
}

TEST(Trainer, TheTrainingLossIsTheMeanOverTheTextsSinceTheLastEvaluation) {
  ThreadPool pool(1);
  Model model = Model::Fresh(TinyConfig(), 1);
  TrainerOptions options = QuickTraining();
  options.epochs = 2;
  std::vector<double> losses;
  const auto result = TrainModel(model, TinyTextSet(70, 0), TinyTextSet(40, 300), options, pool,
                                 {.on_step = [&](const StepReport& step) { losses.push_back(step.loss); },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  ASSERT_EQ(losses.size(), 10u);
  for (size_t epoch = 0; epoch < 2; ++epoch) {
    const double* const of_epoch = losses.data() + 5 * epoch;  // four batches of 16 texts, and one of 6
    const double sum = 16 * (of_epoch[0] + of_epoch[1] + of_epoch[2] + of_epoch[3]) + 6 * of_epoch[4];
    EXPECT_NEAR(result->state.evaluations[epoch].train_loss, sum / 70, 1e-12);
  }
}

TEST(Trainer, AccumulatedBatchesAreOneLargeBatch) {
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(70, 0);  // the last step of an epoch is a smaller one
  TrainerOptions large = QuickTraining();
  large.epochs = 2;
  large.batch_size = 24;
  large.loss.class_weights = {0.5f, 2.0f};  // a mean of the batches' means would weigh texts wrongly
  large.loss.label_smoothing = 0.1;
  TrainerOptions small = large;
  small.batch_size = 8;
  small.accumulation = 3;
  Model a = Model::Fresh(WithoutDropout(), 1), b = Model::Fresh(WithoutDropout(), 1);
  const std::vector<double> together = Losses(a, train, large, pool), apart = Losses(b, train, small, pool);
  ASSERT_EQ(together.size(), apart.size());
  EXPECT_EQ(static_cast<int>(together.size()), TotalSteps(small, train));
  for (size_t i = 0; i < together.size(); ++i) EXPECT_NEAR(together[i], apart[i], 2e-5) << i;
}

TEST(Trainer, GradientCheckpointingGivesTheSameBytesInHalfTheMemory) {
  for (const Architecture architecture : kEveryArchitecture) {
    ModelConfig config = TinyConfig(architecture);
    config.num_layers = 6;
    ThreadPool pool(2);
    const TextSet train = TinyTextSet(60, 0), validation = TinyTextSet(20, 300);
    TrainerOptions options = QuickTraining();
    options.epochs = 2;
    Model kept = Model::Fresh(config, 1), again = Model::Fresh(config, 1);
    ASSERT_TRUE(TrainModel(kept, train, validation, options, pool));
    options.gradient_checkpointing = true;
    ASSERT_TRUE(TrainModel(again, train, validation, options, pool));
    EXPECT_EQ(AllWeights(kept), AllWeights(again));
    EXPECT_LT(Activations::Floats(config, 800, 32, Activations::Keep::kOutputs),
              Activations::Floats(config, 800, 32, Activations::Keep::kAll) / 2);
  }
}

TEST(Trainer, Bf16LossesFollowF32s) {
  if (!IsSupported(Precision::kBf16)) GTEST_SKIP() << "no bf16 products on this CPU";
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(200, 0);
  TrainerOptions options = QuickTraining();
  Model exact = Model::Fresh(TinyConfig(), 1), rounded = Model::Fresh(TinyConfig(), 1);
  const std::vector<double> f32 = Losses(exact, train, options, pool);
  options.precision = Precision::kBf16;
  const std::vector<double> bf16 = Losses(rounded, train, options, pool);
  ASSERT_EQ(f32.size(), bf16.size());
  EXPECT_NE(f32, bf16);
  EXPECT_NEAR(bf16[0], f32[0], 0.02 * f32[0]);
  const double of_f32 = std::accumulate(f32.begin(), f32.end(), 0.0);
  EXPECT_NEAR(std::accumulate(bf16.begin(), bf16.end(), 0.0), of_f32, 0.02 * of_f32);
}

TEST(Trainer, GradientsAreClippedToTheLargestNorm) {
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();
  options.epochs = 1;
  options.weight_decay = 0;
  const auto trained = [&](double max_grad_norm) {
    options.max_grad_norm = max_grad_norm;
    Model model = Model::Fresh(TinyConfig(), 1);
    EXPECT_TRUE(TrainModel(model, TinyTextSet(60, 0), TinyTextSet(20, 300), options, pool));
    return model;
  };
  const Model before = Model::Fresh(TinyConfig(), 1), unclipped = trained(0);
  EXPECT_GT(Distance(before, unclipped), 1e-3);
  EXPECT_EQ(AllWeights(trained(1e6)), AllWeights(unclipped)) << "no gradient is as large";
  EXPECT_NE(AllWeights(trained(0.1)), AllWeights(unclipped));
  EXPECT_LT(Distance(before, trained(1e-12)), 1e-5) << "so small that Adam's epsilon outweighs them";
}

TEST(Trainer, EarlyStoppingCountsEvaluations) {
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();
  options.epochs = 50;
  options.eval_steps = 3;
  options.patience = 4;
  Model model = Model::Fresh(TinyConfig(), 1);
  const auto result = TrainModel(model, TinyTextSet(60, 0), TinyTextSet(40, 300), options, pool);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->stopped_early);
  EXPECT_EQ(result->state.stale(), 4);
  for (size_t i = 0; i < result->state.evaluations.size(); ++i) {
    EXPECT_EQ(result->state.evaluations[i].step, 3 * (static_cast<int>(i) + 1));
  }
}

}  // namespace
}  // namespace winnow
