#include "encoder/forward.h"

#include <gmock/gmock.h>

#include <cmath>

#include "encoder/backward.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

PackedBatch SomeTexts(int count) {
  PackedBatch batch;
  for (int t = 0; t < count; ++t) batch.Append(TinyText(1 + (t * 5) % 28, t));
  return batch;
}

class Encoders : public ::testing::TestWithParam<Architecture> {};

TEST_P(Encoders, TheBatchAndTheThreadsDoNotChangeAnAnswer) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  const PackedBatch all = SomeTexts(40);
  ThreadPool one(1);
  ForwardRunner alone(model, one);
  std::vector<float> expected;
  for (size_t t = 0; t < all.texts(); ++t) {
    PackedBatch single;
    single.Append(std::span(all.ids).subspan(all.view().begin(t), all.view().length(t)));
    for (const float x : alone.Logits(single.view())) expected.push_back(x);
  }
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    ForwardRunner runner(model, pool);
    for (int repeat = 0; repeat < 5; ++repeat) {  // races would show as differing repeats
      const auto logits = runner.Logits(all.view());
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 1e-5f) << threads << " threads";
    }
    const auto in_batches = runner.AllLogits(all.view());
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(in_batches[i], expected[i], 1e-5f);
  }
}

TEST_P(Encoders, TrainingWithoutDropoutComputesWhatInferenceComputes) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  const PackedBatch all = SomeTexts(9);
  ThreadPool pool(2);
  ForwardRunner runner(model, pool);
  TrainingPass pass(model, pool);
  const auto trained = pass.Forward(all.view(), {});
  const auto inferred = runner.Logits(all.view());
  for (size_t i = 0; i < inferred.size(); ++i) EXPECT_EQ(trained[i], inferred[i]);
}

/// The loss as a function of one weight, for finite differences: a sum of logits with fixed factors.
double Objective(std::span<const float> logits) {
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) sum += static_cast<double>(logits[i]) * (static_cast<double>(i % 5) - 1.5);
  return sum;
}

TEST_P(Encoders, GradientsEqualFiniteDifferencesWithDropout) {
  ModelConfig config = TinyConfig(GetParam());
  config.hidden_dropout = 0.2f;
  config.attention_dropout = 0.3f;
  config.classifier_dropout = 0.25f;
  // A seed for which no input of the head's ReLU lies within a step of its kink.
  Model model = Model::Fresh(config, 8);
  const PackedBatch all = SomeTexts(5);
  const StepDropout dropout{.enabled = true, .key = 99};
  ThreadPool pool(2);
  TrainingPass pass(model, pool);
  Gradients gradients(config, model.layout(), pool.size());
  const auto logits = pass.Forward(all.view(), dropout);
  std::vector<float> grad(logits.size());
  for (size_t i = 0; i < grad.size(); ++i) grad[i] = static_cast<float>(i % 5) - 1.5f;
  gradients.Begin();
  pass.Backward(grad, gradients);
  for (const WeightInfo& weight : model.layout().weights) {
    // The steepest weight of each tensor, so that rounding does not drown the difference.
    size_t steepest = 0;
    float slope = 0;
    for (size_t i = 0; i < weight.count; ++i) {
      float g = 0;
      if (weight.offset >= model.layout().matrices) {
        g = gradients.at(weight.offset)[i];
      } else if (const float* row =
                     gradients.word_row_of(static_cast<int32_t>(i / static_cast<size_t>(EmbeddingSize(config))))) {
        g = row[i % static_cast<size_t>(EmbeddingSize(config))];
      }
      if (std::abs(g) > std::abs(slope)) {
        slope = g;
        steepest = i;
      }
    }
    float* value =
        (weight.offset < model.layout().matrices ? model.writable_words() + weight.offset : model.at(weight.offset)) +
        steepest;
    const float before = *value;
    const float step = 1e-3f;
    *value = before + step;
    const double above = Objective(pass.Forward(all.view(), dropout));
    *value = before - step;
    const double below = Objective(pass.Forward(all.view(), dropout));
    *value = before;
    const double difference = (above - below) / (2 * static_cast<double>(step));
    // The step's curvature (and the ReLU of DistilBERT's head), and float's rounding of two sums of about 10.
    EXPECT_NEAR(slope, difference, 0.02 * std::abs(difference) + 1e-2) << weight.name;
  }
}

TEST_P(Encoders, DropoutIsTheSameForAnyNumberOfThreads) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  const PackedBatch all = SomeTexts(11);
  const StepDropout dropout{.enabled = true, .key = 4};
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    TrainingPass pass(model, pool);
    const auto logits = pass.Forward(all.view(), dropout);
    results.emplace_back(logits.begin(), logits.end());
  }
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_NEAR(results[0][i], results[1][i], 1e-5f);
  ThreadPool pool(1);
  TrainingPass pass(model, pool);
  const auto other = pass.Forward(all.view(), {.enabled = true, .key = 5});
  EXPECT_NE(results[0], std::vector<float>(other.begin(), other.end()));
}

TEST_P(Encoders, ThreadsGiveTheSameGradientsEachTime) {
  const Model model = Model::Fresh(TinyConfig(GetParam()), 3);
  const PackedBatch all = SomeTexts(11);
  ThreadPool pool(4);
  std::vector<float> first;
  for (int repeat = 0; repeat < 20; ++repeat) {  // races would show as differing repeats
    TrainingPass pass(model, pool);
    Gradients gradients(model.config(), model.layout(), pool.size());
    std::vector<float> grad(pass.Forward(all.view(), {}).size());
    for (size_t i = 0; i < grad.size(); ++i) grad[i] = static_cast<float>(i % 5) - 1.5f;
    gradients.Begin();
    pass.Backward(grad, gradients);
    std::vector<float> dense(gradients.dense().begin(), gradients.dense().end());
    if (repeat == 0) first = dense;
    ASSERT_EQ(dense, first) << repeat;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Encoders, ::testing::ValuesIn(kEveryArchitecture));

TEST(CheckBatch, RefusesForeignIdsAndLengths) {
  const ModelConfig config = TinyConfig();
  PackedBatch batch;
  batch.Append(TinyText(3, 0));
  EXPECT_TRUE(CheckBatch(config, batch.view()));
  for (const int32_t id : {-1, 40, 1 << 30}) {
    PackedBatch bad = batch;
    bad.Append(std::vector<int32_t>{1, id, 2});
    EXPECT_EQ(CheckBatch(config, bad.view()).error().code, ErrorCode::kInvalidModel);
  }
  PackedBatch empty = batch;
  empty.EndText();
  EXPECT_EQ(CheckBatch(config, empty.view()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(CheckBatch(config, empty.view()).error().message, testing::HasSubstr("no tokens"));
  PackedBatch long_text = batch;
  long_text.Append(TinyText(31, 0));
  EXPECT_EQ(CheckBatch(config, long_text.view()).error().code, ErrorCode::kInvalidArgument);
}

TEST(CutByTokens, CoversAllTextsInOrderAndEvenly) {
  const PackedBatch batch = SomeTexts(50);
  for (const int parts : {1, 2, 3, 8, 100}) {
    const auto cuts = CutByTokens(batch.view(), parts);
    ASSERT_EQ(cuts.size(), static_cast<size_t>(parts) + 1);
    EXPECT_EQ(cuts.front(), 0u);
    EXPECT_EQ(cuts.back(), batch.texts());
    EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    if (parts > 3) continue;
    for (size_t p = 0; p + 1 < cuts.size(); ++p) {
      const int tokens = batch.offsets[cuts[p + 1]] - batch.offsets[cuts[p]];
      EXPECT_NEAR(tokens, static_cast<int>(batch.ids.size()) / parts, 30);
    }
  }
}

}  // namespace
}  // namespace winnow
