#include "encoder/head_pass.h"

#include <gtest/gtest.h>

#include <cmath>

#include "encoder/backward.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

class HeadPasses : public ::testing::TestWithParam<Architecture> {
 protected:
  HeadPasses() {
    for (int t = 0; t < 23; ++t) texts.Append(TinyText(1 + (t * 5) % 28, t));
  }
  PackedBatch texts;
};

TEST_P(HeadPasses, LogitsOfFeaturesAreThoseOfTheTexts) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  ThreadPool one(1);
  ForwardRunner alone(model, one);
  const std::vector<float> expected = alone.AllLogits(texts.view());
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    ForwardRunner runner(model, pool);
    size_t told = 0;
    const FloatBuffer features = runner.AllFeatures(texts.view(), [&](size_t done) {
      told = done;
      return true;
    });
    EXPECT_EQ(told, texts.texts());
    HeadPass head(model, pool);
    const std::vector<float> logits = head.AllLogits(features.span());
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-5f);
  }
}

TEST_P(HeadPasses, GradientsAreThoseOfTheWholeWayWithTheHeadsOwnDropout) {
  ModelConfig config = TinyConfig(GetParam());
  config.hidden_dropout = config.attention_dropout = 0;
  config.classifier_dropout = config.pooler_dropout = 0.3f;
  const Model model = Model::Fresh(config, 3);
  ThreadPool pool(2);
  const StepDropout dropout{.enabled = true, .key = 7};
  std::vector<float> of_logits(texts.texts() * 2);
  for (size_t i = 0; i < of_logits.size(); ++i) of_logits[i] = static_cast<float>(i % 5) - 1.7f;
  const int head_depth = model.layout().head_depth();

  TrainingPass through(model, pool, {.frozen_depths = head_depth});
  Gradients expected(config, model.layout(), pool.size(), head_depth);
  const auto whole = through.Forward(texts.view(), dropout);
  const std::vector<float> expected_logits(whole.begin(), whole.end());
  HeadPass head(model, pool);
  Gradients gradients(config, model.layout(), pool.size(), head_depth);
  const FloatBuffer features = ForwardRunner(model, pool).AllFeatures(texts.view());
  const auto logits = head.Forward(features.span(), dropout);
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected_logits[i], 1e-5f);
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time they add up
    through.Backward(of_logits, expected);
    head.Backward(of_logits, gradients);
    ASSERT_EQ(gradients.dense().size(), expected.dense().size());
    for (size_t i = 0; i < gradients.dense().size(); ++i) {
      ASSERT_NEAR(gradients.dense()[i], expected.dense()[i], 2e-4f * (1 + std::abs(expected.dense()[i])));
    }
  }
  EXPECT_GT(expected.Norm(pool), 0.1);
}

TEST_P(HeadPasses, StoppingLeavesTheRest) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  ThreadPool pool(1);
  PackedBatch many;
  for (int t = 0; t < 700; ++t) many.Append(TinyText(28, t));
  size_t calls = 0;
  ForwardRunner(model, pool).AllFeatures(many.view(), [&](size_t done) {
    EXPECT_LT(done, 700u);
    return ++calls, false;
  });
  EXPECT_EQ(calls, 1u);
}

INSTANTIATE_TEST_SUITE_P(EveryArchitecture, HeadPasses, ::testing::ValuesIn(kEveryArchitecture),
                         [](const auto& info) { return "A" + std::to_string(info.index); });

}  // namespace
}  // namespace winnow
