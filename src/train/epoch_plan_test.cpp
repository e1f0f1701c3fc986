#include "train/epoch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "support/tiny_training.h"

namespace winnow {
namespace {

TEST(EpochPlan, EachTextIsInOneBatchAndEachBatchInOneStep) {
  const TextSet train = TinyTextSet(70, 0);
  TrainerOptions options = QuickTraining();
  options.batch_size = 8;
  options.accumulation = 4;
  const EpochPlan plan = PlanEpoch(options, train, 1);
  std::vector<uint32_t> texts;
  for (size_t b = 0; b < plan.ends.size(); ++b) {
    const std::span<const uint32_t> batch = plan.batch(b);
    EXPECT_EQ(batch.size(), b < 8 ? 8u : 6u);
    texts.insert(texts.end(), batch.begin(), batch.end());
  }
  std::ranges::sort(texts);
  std::vector<uint32_t> all(70);
  std::iota(all.begin(), all.end(), 0u);
  EXPECT_EQ(texts, all);
  EXPECT_EQ(plan.steps, 3) << "of 4, 4 and 1 batches";
  EXPECT_EQ(TotalSteps(options, train), 6 * 3);
}

TEST(EpochPlan, EqualSeedsAndEpochsHaveEqualOrders) {
  const TextSet train = TinyTextSet(70, 0);
  TrainerOptions options = QuickTraining();
  const EpochPlan plan = PlanEpoch(options, train, 1);
  EXPECT_EQ(PlanEpoch(options, train, 1).order, plan.order);
  EXPECT_NE(PlanEpoch(options, train, 2).order, plan.order);
  ++options.seed;
  EXPECT_NE(PlanEpoch(options, train, 1).order, plan.order);
}

TEST(EpochPlan, BatchesCanBeFilledByTokens) {
  ThreadPool pool(2);
  const TextSet train = TinyTextSet(70, 0);
  TrainerOptions options = QuickTraining();
  options.batch_tokens = 60;
  size_t tokens = 0;
  int steps = 0;
  Model model = Model::Fresh(TinyConfig(), 1);
  ASSERT_TRUE(TrainModel(model, train, TinyTextSet(30, 300), options, pool,
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

}  // namespace
}  // namespace winnow
