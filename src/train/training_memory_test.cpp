#include "train/training_memory.h"

#include <gtest/gtest.h>

#include "support/tiny_training.h"
#include "train/epoch_plan.h"
#include "train/optimizer.h"

namespace winnow {
namespace {

TEST(TrainingMemory, MemoryIsKnownBefore) {
  const ModelConfig config = TinyConfig();
  const TextSet train = TinyTextSet(200, 0);
  TrainerOptions options = QuickTraining();
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
  EXPECT_EQ(batch.tokens, 4u * 13);  // the longest texts of TinyTextSet
}

TEST(TrainingMemory, CachedFeaturesAreCountedAndTheFrozenTakesNothing) {
  const ModelConfig config = TinyConfig();
  TrainerOptions options = QuickTraining();
  const TextSet train = TinyTextSet(200, 0);
  const size_t all = TrainingBytes(config, options, train, 2);
  options.frozen_depths = config.num_layers + 1;
  const size_t head = TrainingBytes(config, options, train, 2);
  EXPECT_LT(head, all / 2);
  const size_t row = static_cast<size_t>(config.hidden_size) * sizeof(float);
  EXPECT_EQ(TrainingBytes(config, options, train, 2, 1000), head + 1000 * row);
  EXPECT_EQ(TrainingBytes(config, options, TinyTextSet(1200, 0), 2), head + 1000 * row);
  const Layout layout(config);
  size_t learns = 0;
  for (const WeightInfo& weight : layout.weights) learns += weight.depth == layout.head_depth() ? weight.count : 0;
  EXPECT_LE(Optimizer::Floats(layout, options.frozen_depths), learns + 64) << "weights, and padding between them";
}

}  // namespace
}  // namespace winnow
