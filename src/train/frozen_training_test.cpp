// Trainings that change only the upper layers or the classification head of a model (TrainerOptions::frozen_depths).
#include <gtest/gtest.h>

#include "encoder/backward.h"
#include "support/tiny_training.h"

namespace winnow {
namespace {

TEST(FrozenTraining, FrozenWeightsStayAndTheOthersLearn) {
  const ModelConfig config = TinyConfig();  // 3 layers
  ThreadPool pool(2);
  for (const int frozen : {1, 2, 3, 4}) {
    Model model = Model::Fresh(config, 1);
    const Model before = Model::Fresh(config, 1);
    TrainerOptions options = QuickTraining();
    options.epochs = 1;
    options.frozen_depths = frozen;
    options.layer_lr_decay = 0.9;
    ASSERT_TRUE(TrainModel(model, TinyTextSet(60, 0), TinyTextSet(20, 300), options, pool));
    for (const WeightInfo& weight : model.layout().weights) {
      const bool words = weight.offset < model.layout().matrices;
      const float* now = words ? model.words() : model.at(weight.offset);
      const float* then = words ? before.words() : before.at(weight.offset);
      const bool same = std::equal(now, now + weight.count, then);
      EXPECT_EQ(same, weight.depth < frozen) << weight.name << " frozen " << frozen;
    }
  }
}

TEST(FrozenTraining, FreezingChangesNoGradientAbove) {
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

TEST(FrozenTraining, AHeadLearnsOnCachedFeaturesWhatItLearnsThroughTheLayers) {
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(70, 0), validation = TinyTextSet(30, 300);
  for (const Architecture architecture : kEveryArchitecture) {
    ModelConfig config = TinyConfig(architecture);
    config.hidden_dropout = config.attention_dropout = config.classifier_dropout = config.pooler_dropout = 0;
    TrainerOptions options = QuickTraining();
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

TEST(FrozenTraining, TheHeadsDropoutStaysOnCachedFeatures) {
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(40, 0);
  TrainerOptions options = QuickTraining();
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

TEST(FrozenTraining, CancellingStopsBetweenBatchesOfFeatures) {
  Model model = Model::Fresh(TinyConfig(), 1);
  const Model before = Model::Fresh(TinyConfig(), 1);
  ThreadPool pool(1);
  TrainerOptions options = QuickTraining();
  options.frozen_depths = TinyConfig().num_layers + 1;
  const auto result = TrainModel(
      model, TinyTextSet(60, 0), TinyTextSet(40, 300), options, pool,
      {.on_step = {}, .on_evaluation = {}, .on_checkpoint = {}, .on_features = {}, .cancelled = [] { return true; }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(AllWeights(model), AllWeights(before));
}

}  // namespace
}  // namespace winnow
