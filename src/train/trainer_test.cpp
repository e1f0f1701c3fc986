#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

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
  options.head_lr_factor = 1;
  options.epochs = 6;
  options.batch_size = 16;
  options.lr = 3e-3;
  return options;
}

TEST(Trainer, LearnsWhatIsThereToLearn) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(2);
  const TextSet train = MakeSet(200, 0), validation = MakeSet(60, 1000);
  std::vector<int> steps;
  const auto result = TrainModel(model, train, validation, QuickOptions(), pool,
                                 {.on_step = [&](const StepReport& step) { steps.push_back(step.step); },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  ASSERT_TRUE(result) << result.error().Text();
  EXPECT_GE(result->best().accuracy, 0.95);
  EXPECT_LT(result->state.evaluations.back().train_loss, result->state.evaluations.front().train_loss);
  EXPECT_EQ(static_cast<int>(steps.size()), TotalSteps(QuickOptions(), train));
  EXPECT_EQ(steps.back(), 6 * 13);
  EXPECT_EQ(result->state.tokens, train.texts.ids.size() * 6);
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
    EXPECT_EQ(AllWeights(first), AllWeights(second));
    EXPECT_NE(AllWeights(first), AllWeights(other));
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
  const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), QuickOptions(), pool,
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
  const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), QuickOptions(), pool);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("step 1, epoch 1 (rows "), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().hint.find("--lr"), std::string::npos);
}

TEST(Trainer, ALossThatIsHugeStops) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TrainerOptions options = QuickOptions();
  options.lr = 1e4;
  options.max_grad_norm = 0;
  const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), options, pool);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("training diverged: "), std::string::npos) << result.error().message;
}

TEST(Trainer, AHighTemperatureIsNoDivergence) {
  Model model = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TextSet train = MakeSet(40, 0);
  train.soft.assign(train.size() * 2, 0.5f);
  train.soft_temperature = 40;  // the loss is about 40^2 ln 2
  TrainerOptions options = QuickOptions();
  options.epochs = 1;
  const auto result = TrainModel(model, train, MakeSet(20, 300), options, pool);
  EXPECT_TRUE(result) << result.error().Text();
  EXPECT_GT(result->best().train_loss, 500);
}

TEST(Trainer, StepsMayBeGivenInPlaceOfEpochs) {
  ThreadPool pool(1);
  const TextSet train = MakeSet(60, 0), validation = MakeSet(40, 300);  // four steps per epoch
  for (const int most : {3, 4, 10}) {
    Model model = Model::Fresh(TinyConfig(), 1);
    TrainerOptions options = QuickOptions();
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
  const TextSet some = MakeSet(20, 0);
  TextSet none;
  none.num_labels = 2;
  EXPECT_EQ(TrainModel(model, none, some, QuickOptions(), pool).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(TrainModel(model, some, none, QuickOptions(), pool).error().code, ErrorCode::kInvalidData);
  TrainerOptions options = QuickOptions();
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
  TrainerOptions options = QuickOptions();
  options.lr = 0.05;
  options.epochs = 10;
  options.max_grad_norm = 0;
  for (const char* const metric : {"nll", "accuracy"}) {
    options.metric = metric;
    Model model = Model::Fresh(TinyConfig(), 1);
    const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), options, pool);
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
  TrainerOptions options = QuickOptions();  // four steps per epoch, 24 in all
  const auto rates = [&] {
    Model model = Model::Fresh(TinyConfig(), 1);
    std::vector<double> rates;
    EXPECT_TRUE(TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), options, pool,
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
  TrainerOptions options = QuickOptions();
  options.epochs = 2;
  std::vector<double> losses;
  const auto result = TrainModel(model, MakeSet(70, 0), MakeSet(40, 300), options, pool,
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

/// No dropout, so that batches cut otherwise see the same network.
ModelConfig WithoutDropout() {
  ModelConfig config = TinyConfig();
  config.hidden_dropout = config.attention_dropout = config.classifier_dropout = 0;
  return config;
}

/// The losses of all steps.
std::vector<double> Losses(Model& model, const TextSet& train, const TrainerOptions& options, ThreadPool& pool) {
  std::vector<double> losses;
  const auto result = TrainModel(model, train, MakeSet(30, 300), options, pool,
                                 {.on_step = [&](const StepReport& step) { losses.push_back(step.loss); },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  EXPECT_TRUE(result) << result.error().Text();
  return losses;
}

TEST(Trainer, AccumulatedBatchesAreOneLargeBatch) {
  ThreadPool pool(2);
  const TextSet train = MakeSet(70, 0);  // the last step of an epoch is a smaller one
  TrainerOptions large = QuickOptions();
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

TEST(Trainer, BatchesCanBeFilledByTokens) {
  ThreadPool pool(2);
  const TextSet train = MakeSet(70, 0);
  TrainerOptions options = QuickOptions();
  options.batch_tokens = 60;
  size_t tokens = 0;
  int steps = 0;
  Model model = Model::Fresh(TinyConfig(), 1);
  ASSERT_TRUE(TrainModel(model, train, MakeSet(30, 300), options, pool,
                         {.on_step =
                              [&](const StepReport& step) {
                                EXPECT_LE(step.tokens, 60u);
                                tokens += step.tokens;
                                ++steps;
                              },
                          .on_evaluation = {},
                          .on_checkpoint = {},
                          .cancelled = {}}));
  EXPECT_EQ(tokens, train.texts.ids.size() * 6);
  EXPECT_EQ(steps, TotalSteps(options, train));
  EXPECT_EQ(LargestBatch(options, train).tokens, 60u);
}

TEST(Trainer, GradientCheckpointingGivesTheSameBytesInHalfTheMemory) {
  for (const Architecture architecture : kEveryArchitecture) {
    ModelConfig config = TinyConfig(architecture);
    config.num_layers = 6;
    ThreadPool pool(2);
    const TextSet train = MakeSet(60, 0), validation = MakeSet(20, 300);
    TrainerOptions options = QuickOptions();
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
  const TextSet train = MakeSet(200, 0);
  TrainerOptions options = QuickOptions();
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

TEST(Trainer, MemoryIsKnownBefore) {
  const ModelConfig config = TinyConfig();
  const TextSet train = MakeSet(200, 0);
  TrainerOptions options = QuickOptions();
  const size_t needed = TrainingBytes(config, options, train, 2);
  const Layout layout(config);
  EXPECT_GT(needed, layout.total * 3 * sizeof(float));  // moments and the best weights alone
  options.gradient_checkpointing = true;
  EXPECT_LT(TrainingBytes(config, options, train, 2), needed);
  options.gradient_checkpointing = false;
  options.batch_size /= 4;
  EXPECT_LT(TrainingBytes(config, options, train, 2), needed);
  const BatchBound batch = LargestBatch(options, train);
  EXPECT_EQ(batch.texts, 4u);
  EXPECT_EQ(batch.tokens, 4u * 13);  // the longest texts of MakeSet
}

TEST(Trainer, FrozenWeightsStayAndTheOthersLearn) {
  const ModelConfig config = TinyConfig();  // 3 layers
  ThreadPool pool(2);
  for (const int frozen : {1, 2, 3, 4}) {
    Model model = Model::Fresh(config, 1);
    const Model before = Model::Fresh(config, 1);
    TrainerOptions options = QuickOptions();
    options.epochs = 1;
    options.frozen_depths = frozen;
    options.layer_lr_decay = 0.9;
    ASSERT_TRUE(TrainModel(model, MakeSet(60, 0), MakeSet(20, 300), options, pool));
    for (const WeightInfo& weight : model.layout().weights) {
      const bool words = weight.offset < model.layout().matrices;
      const float* now = words ? model.words() : model.at(weight.offset);
      const float* then = words ? before.words() : before.at(weight.offset);
      const bool same = std::equal(now, now + weight.count, then);
      EXPECT_EQ(same, weight.depth < frozen) << weight.name << " frozen " << frozen;
    }
  }
}

TEST(Trainer, FreezingChangesNoGradientAbove) {
  const ModelConfig config = WithoutDropout();
  ThreadPool pool(1);
  const Model model = Model::Fresh(config, 1);
  PackedBatch batch;
  for (int i = 0; i < 5; ++i) batch.Append(TinyText(3 + i, i));
  const std::vector<float> of_logits(10, 0.3f);
  Gradients all(config, model.layout(), 1), upper(config, model.layout(), 1);
  const auto run = [&](int frozen, Gradients& gradients) {
    TrainingPass pass(model, pool, {.frozen_depths = frozen});
    pass.Forward(batch.view(), {});
    gradients.Begin();
    pass.Backward(of_logits, gradients);
  };
  run(0, all);
  run(3, upper);
  for (const WeightInfo& weight : model.layout().weights) {
    if (weight.offset < model.layout().matrices) continue;
    const float* gradient = upper.at(weight.offset);
    if (weight.depth >= 3) {
      EXPECT_TRUE(std::equal(gradient, gradient + weight.count, all.at(weight.offset))) << weight.name;
    } else {
      EXPECT_TRUE(std::all_of(gradient, gradient + weight.count, [](float g) { return g == 0; })) << weight.name;
    }
  }
}

/// The largest distance of two models' weights, in multiples of the largest weight.
double Distance(const Model& a, const Model& b) {
  const std::vector<float> x = AllWeights(a), y = AllWeights(b);
  double largest = 0, apart = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(x[i])));
    apart = std::max(apart, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  }
  return apart / largest;
}

TEST(Trainer, GradientsAreClippedToTheLargestNorm) {
  ThreadPool pool(1);
  TrainerOptions options = QuickOptions();
  options.epochs = 1;
  options.weight_decay = 0;
  const auto trained = [&](double max_grad_norm) {
    options.max_grad_norm = max_grad_norm;
    Model model = Model::Fresh(TinyConfig(), 1);
    EXPECT_TRUE(TrainModel(model, MakeSet(60, 0), MakeSet(20, 300), options, pool));
    return model;
  };
  const Model before = Model::Fresh(TinyConfig(), 1), unclipped = trained(0);
  EXPECT_GT(Distance(before, unclipped), 1e-3);
  EXPECT_EQ(AllWeights(trained(1e6)), AllWeights(unclipped)) << "no gradient is as large";
  EXPECT_NE(AllWeights(trained(0.1)), AllWeights(unclipped));
  EXPECT_LT(Distance(before, trained(1e-12)), 1e-5) << "so small that Adam's epsilon outweighs them";
}

TEST(Trainer, AHeadLearnsOnCachedFeaturesWhatItLearnsThroughTheLayers) {
  ThreadPool pool(2);
  const TextSet train = MakeSet(70, 0), validation = MakeSet(30, 300);
  for (const Architecture architecture : kEveryArchitecture) {
    ModelConfig config = TinyConfig(architecture);
    config.hidden_dropout = config.attention_dropout = config.classifier_dropout = config.pooler_dropout = 0;
    TrainerOptions options = QuickOptions();
    options.epochs = 4;
    options.accumulation = 2;
    options.batch_size = 12;
    options.frozen_depths = config.num_layers + 1;
    EXPECT_TRUE(CachesFeatures(options, config));
    Model cached = Model::Fresh(config, 1), through = Model::Fresh(config, 1);
    const Model before = Model::Fresh(config, 1);
    size_t told = 0;
    const auto result = TrainModel(cached, train, validation, options, pool,
                                   {.on_step = {},
                                    .on_evaluation = {},
                                    .on_checkpoint = {},
                                    .on_features =
                                        [&](size_t done, size_t total) {
                                          EXPECT_GT(done, told);
                                          EXPECT_EQ(total, 100u);
                                          told = done;
                                        },
                                    .cancelled = {}});
    ASSERT_TRUE(result) << result.error().Text();
    EXPECT_EQ(told, 100u);
    EXPECT_EQ(result->state.tokens, train.texts.ids.size() + validation.texts.ids.size()) << "each was read once";
    options.cache_features = false;
    EXPECT_FALSE(CachesFeatures(options, config));
    const auto slow = TrainModel(through, train, validation, options, pool);
    ASSERT_TRUE(slow);
    EXPECT_GT(Distance(before, cached), 1e-3);
    EXPECT_LT(Distance(cached, through), 1e-4);
    for (size_t e = 0; e < slow->state.evaluations.size(); ++e) {
      EXPECT_NEAR(result->state.evaluations[e].train_loss, slow->state.evaluations[e].train_loss, 1e-4);
      EXPECT_NEAR(result->state.evaluations[e].validation_loss, slow->state.evaluations[e].validation_loss, 1e-4);
    }
    ForwardRunner runner(cached, pool);
    const std::vector<float> logits = runner.AllLogits(validation.texts.view());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(result->validation_logits[i], logits[i], 1e-4);
  }
}

TEST(Trainer, TheHeadsDropoutStaysOnCachedFeatures) {
  ThreadPool pool(2);
  const TextSet train = MakeSet(40, 0);
  TrainerOptions options = QuickOptions();
  options.frozen_depths = TinyConfig().num_layers + 1;
  ModelConfig config = WithoutDropout();
  Model plain = Model::Fresh(config, 1);
  config.classifier_dropout = 0.5f;
  Model dropping = Model::Fresh(config, 1), again = Model::Fresh(config, 1);
  const std::vector<double> losses = Losses(dropping, train, options, pool);
  EXPECT_NE(Losses(plain, train, options, pool), losses);
  EXPECT_EQ(Losses(again, train, options, pool), losses);
  EXPECT_EQ(AllWeights(again), AllWeights(dropping));
}

TEST(Trainer, CachedFeaturesAreCountedAndTheFrozenTakesNothing) {
  const ModelConfig config = TinyConfig();
  TrainerOptions options = QuickOptions();
  const TextSet train = MakeSet(200, 0);
  const size_t all = TrainingBytes(config, options, train, 2);
  options.frozen_depths = config.num_layers + 1;
  const size_t head = TrainingBytes(config, options, train, 2);
  EXPECT_LT(head, all / 2);
  const size_t row = static_cast<size_t>(config.hidden_size) * sizeof(float);
  EXPECT_EQ(TrainingBytes(config, options, train, 2, 1000), head + 1000 * row);
  EXPECT_EQ(TrainingBytes(config, options, MakeSet(1200, 0), 2), head + 1000 * row);
  const Layout layout(config);
  size_t learns = 0;
  for (const WeightInfo& weight : layout.weights) learns += weight.depth == layout.head_depth() ? weight.count : 0;
  EXPECT_LE(Optimizer::Floats(layout, options.frozen_depths), learns + 64) << "weights, and padding between them";
}

TEST(Trainer, CancellingStopsBetweenBatchesOfFeatures) {
  Model model = Model::Fresh(TinyConfig(), 1);
  const Model before = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TrainerOptions options = QuickOptions();
  options.frozen_depths = TinyConfig().num_layers + 1;
  const auto result = TrainModel(
      model, MakeSet(60, 0), MakeSet(40, 300), options, pool,
      {.on_step = {}, .on_evaluation = {}, .on_checkpoint = {}, .on_features = {}, .cancelled = [] { return true; }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(AllWeights(model), AllWeights(before));
}

TEST(Trainer, EarlyStoppingCountsEvaluations) {
  ThreadPool pool(1);
  TrainerOptions options = QuickOptions();
  options.epochs = 50;
  options.eval_steps = 3;
  options.patience = 4;
  Model model = Model::Fresh(TinyConfig(), 1);
  const auto result = TrainModel(model, MakeSet(60, 0), MakeSet(40, 300), options, pool);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->stopped_early);
  EXPECT_EQ(result->state.stale(), 4);
  for (size_t i = 0; i < result->state.evaluations.size(); ++i) {
    EXPECT_EQ(result->state.evaluations[i].step, 3 * (static_cast<int>(i) + 1));
  }
}

}  // namespace
}  // namespace winnow
