#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "encoder/backward.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"
#include "train/loss.h"

namespace winnow {
namespace {

TEST(Optimizer, UnusedEmbeddingRowsEqualADenseAdamW) {
  const ModelConfig config = TinyConfig();
  Model lazy = Model::Fresh(config, 2), dense = Model::Fresh(config, 2);
  ThreadPool pool(1);
  Optimizer lazily(lazy, {.weight_decay = 0.1}, pool), densely(dense, {.weight_decay = 0.1}, pool);
  std::vector<int32_t> everything(static_cast<size_t>(config.vocab_size));
  for (size_t i = 0; i < everything.size(); ++i) everything[i] = static_cast<int32_t>(i);
  densely.PrepareRows(everything);  // every row takes every step
  TrainingPass lazy_pass(lazy, pool), dense_pass(dense, pool);
  Gradients lazy_gradients(config, lazy.layout(), 1), dense_gradients(config, dense.layout(), 1);
  constexpr int kSteps = 30;
  for (int step = 0; step < kSteps; ++step) {
    PackedBatch batch;
    batch.Append(std::vector<int32_t>{1, 5 + step / 3, 2});  // rows come into use one after the other, some never
    const auto run = [&](Model&, Optimizer& optimizer, TrainingPass& pass, Gradients& gradients) {
      optimizer.PrepareRows(batch.ids);
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
  lazily.ApplyPendingDecay();
  densely.ApplyPendingDecay();
  // Token embeddings alone: elsewhere Adam makes full steps of gradients that are zero but for rounding (key biases).
  const std::vector<float> a(lazy.words(), lazy.words() + lazy.layout().matrices);
  const std::vector<float> b(dense.words(), dense.words() + dense.layout().matrices);
  // The shared product is rounded once, the dense one at each of 30 steps: 30 * 6e-8 relative, then carried through the
  // steps.
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5f * std::max(1.0f, std::abs(b[i]))) << i;
}

/// Steps on texts of which each has a token of its own.
void TakeSteps(Model& model, Optimizer& optimizer, ThreadPool& pool, int first, int last) {
  TrainingPass pass(model, pool);
  Gradients gradients(model.config(), model.layout(), pool.size());
  for (int step = first; step < last; ++step) {
    PackedBatch batch;
    batch.Append(std::vector<int32_t>{1, 5 + step, 2});
    optimizer.PrepareRows(batch.ids);
    const auto logits = pass.Forward(batch.view(), {});
    std::vector<float> grad(logits.size());
    ComputeLoss(logits, 2, {.labels = std::vector<int32_t>{step % 2}, .targets = {}}, {}, 1.0, grad);
    gradients.Begin();
    pass.Backward(grad, gradients);
    optimizer.Step(gradients, 0.01, 1.0);
  }
}

TEST(Optimizer, GoesOnFromAFileAsIfNothingHadHappened) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  Model through = Model::Fresh(TinyConfig(), 2), cut = Model::Fresh(TinyConfig(), 2);
  Optimizer whole(through, {}, pool);
  TakeSteps(through, whole, pool, 0, 5);
  whole.ApplyPendingDecay();
  TakeSteps(through, whole, pool, 5, 12);
  whole.ApplyPendingDecay();
  {
    Optimizer first(cut, {}, pool);
    TakeSteps(cut, first, pool, 0, 5);
    first.ApplyPendingDecay();
    ASSERT_TRUE(first.Save(dir.path() / "moments"));
  }
  Optimizer second(cut, {}, pool);
  const auto loaded = second.Load(dir.path() / "moments");
  ASSERT_TRUE(loaded) << loaded.error().Text();
  TakeSteps(cut, second, pool, 5, 12);
  second.ApplyPendingDecay();
  EXPECT_TRUE(std::equal(through.words(), through.words() + through.layout().matrices, cut.words()));
  const float* rest = through.at(through.layout().matrices);
  EXPECT_TRUE(
      std::equal(rest, rest + (through.layout().total - through.layout().matrices), cut.at(cut.layout().matrices)));
}

TEST(Optimizer, MomentsOfOthersAreRefused) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "moments";
  ThreadPool pool(1);
  Model model = Model::Fresh(TinyConfig(), 2);
  Optimizer optimizer(model, {}, pool);
  TakeSteps(model, optimizer, pool, 0, 3);
  optimizer.ApplyPendingDecay();
  ASSERT_TRUE(optimizer.Save(file));
  ModelConfig larger = TinyConfig();
  larger.num_layers = 4;
  Model other = Model::Fresh(larger, 2);
  EXPECT_EQ(Optimizer(other, {}, pool).Load(file).error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(Optimizer(model, {.frozen_depths = 4}, pool).Load(file).error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(optimizer.Load(dir.path() / "none").error().code, ErrorCode::kNotFound);
  // Every prefix of the file, and every file with a byte turned over, is read or refused, and nothing worse.
  const std::string good = ReadFile(file).value();
  for (size_t length = 0; length < good.size(); length += 997) {
    ASSERT_TRUE(WriteFileAtomically(file, good.substr(0, length)));
    EXPECT_FALSE(optimizer.Load(file)) << length;
  }
  for (size_t at = 0; at < 600; at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x15);
    ASSERT_TRUE(WriteFileAtomically(file, bad));
    static_cast<void>(optimizer.Load(file));
  }
  ASSERT_TRUE(WriteFileAtomically(file, good));
  EXPECT_TRUE(optimizer.Load(file));
}

TEST(Optimizer, LayersLearnAtDecayingRates) {
  ModelConfig config = TinyConfig();  // 3 layers
  config.hidden_dropout = config.attention_dropout = config.classifier_dropout = 0;
  ThreadPool pool(1);
  Model model = Model::Fresh(config, 2);
  const Model before = Model::Fresh(config, 2);
  Optimizer optimizer(model, {.weight_decay = 0, .head_lr_factor = 4, .layer_lr_decay = 0.5}, pool);
  TakeSteps(model, optimizer, pool, 0, 1);
  // Adam's first step moves every weight that has a gradient by its learning rate.
  for (const WeightInfo& weight : model.layout().weights) {
    // Key biases have no gradient but rounding: a score's constant is no matter to softmax.
    if (weight.offset < model.layout().matrices || weight.name.ends_with("key.bias")) continue;
    float largest = 0;
    for (size_t i = 0; i < weight.count; ++i) {
      largest = std::max(largest, std::abs(model.at(weight.offset)[i] - before.at(weight.offset)[i]));
    }
    const double expected = weight.head ? 0.04 : 0.01 * std::pow(0.5, 4 - weight.depth);
    EXPECT_NEAR(largest, expected, expected * 1e-2) << weight.name;
  }
}

}  // namespace
}  // namespace winnow
