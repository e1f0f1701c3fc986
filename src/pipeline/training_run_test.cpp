#include "pipeline/training_run.h"

#include <gmock/gmock.h>

#include "support/tiny_model.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

/// So many texts of so many tokens, of which there are none: their lengths alone are looked at.
TextSet Lengths(size_t texts, size_t tokens) {
  TextSet set;
  set.num_labels = 2;
  set.labels.assign(texts, 0);
  for (size_t t = 0; t < texts; ++t) set.texts.offsets.push_back(static_cast<int32_t>((t + 1) * tokens));
  return set;
}

TEST(RequireMemory, RefusesWhatCanNotFitAndSaysWhatWould) {
  TrainingObserver observer;
  TrainerOptions trainer;
  ModelConfig config = TinyConfig();
  config.num_layers = 12;
  EXPECT_TRUE(RequireMemory(128, config, trainer, Lengths(1000, 50), 0, 2, observer));
  // 1,000 texts of a million tokens take hundreds of terabytes together, and more than this machine has one by one.
  trainer.batch_size = 1000;
  const auto refused = RequireMemory(128, config, trainer, Lengths(1000, 2'000'000), 0, 2, observer);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("training requires"));
  EXPECT_THAT(refused.error().message, HasSubstr("are free"));
  EXPECT_THAT(refused.error().hint,
              testing::AnyOf(HasSubstr("--gradient-accumulation-steps"), HasSubstr("--max-length")));
  // Of short texts, a smaller batch is what helps.
  trainer.batch_size = 4'000'000;
  const auto smaller = RequireMemory(128, config, trainer, Lengths(4'000'000, 500), 0, 2, observer);
  ASSERT_FALSE(smaller);
  EXPECT_THAT(smaller.error().hint, HasSubstr("--batch-size "));
}

}  // namespace
}  // namespace winnow
