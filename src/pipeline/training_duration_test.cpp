#include "pipeline/training_duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DurationListener : public TrainingObserver {
 public:
  void Note(const std::string& line) override { notes.push_back(line); }
  void Warn(const std::string& line) override { warnings.push_back(line); }
  std::vector<std::string> notes, warnings;
};

TextSet Texts(int count) {
  TextSet set;
  set.num_labels = 2;
  for (int i = 0; i < count; ++i) {
    set.texts.Append(std::vector<int32_t>{2, 7, 3});
    set.labels.push_back(i % 2);
  }
  return set;
}

class TrainingDurationTest : public ::testing::Test {
 protected:
  TrainerOptions Set(int texts) {
    TrainerOptions trainer;
    trainer.batch_size = plan.batch_size;
    trainer.accumulation = plan.accumulation;
    trainer.eval_steps = plan.eval_steps;
    trainer.save_steps = plan.save_steps;
    trainer.warmup_steps = plan.warmup_steps;
    const auto set = SetDuration(plan, 3, Texts(texts), trainer, observer);
    EXPECT_TRUE(set) << set.error().Text();
    return trainer;
  }
  TrainerPlan plan;
  DurationListener observer;
};

TEST_F(TrainingDurationTest, FewTextsGetMoreEpochsUnlessTheUserGaveTheirNumber) {
  EXPECT_EQ(Set(10'000).epochs, 3);
  EXPECT_EQ(Set(640).epochs, 10);
  EXPECT_EQ(Set(64).epochs, 20);
  plan.accumulation = 2;  // half the steps
  EXPECT_EQ(Set(640).epochs, 20);
  plan.epochs = 2;
  EXPECT_EQ(Set(64).epochs, 2);
  EXPECT_THAT(observer.notes, IsEmpty());
}

TEST_F(TrainingDurationTest, APresetIsAdaptedToSmallData) {
  plan.epochs = 15;
  plan.accumulation = 2;
  plan.eval_steps = plan.save_steps = plan.warmup_steps.emplace(100);
  plan.scaled = {.epochs = true, .eval_steps = true, .save_steps = true, .warmup_steps = true};
  const TrainerOptions small = Set(280);  // five steps per epoch
  EXPECT_EQ(small.epochs, 20);
  EXPECT_EQ(small.eval_steps, 10);
  EXPECT_EQ(small.save_steps, 10);
  EXPECT_EQ(small.warmup_steps, 10);
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("--epochs of the preset is raised from 15 to 20"),
                                          HasSubstr("--eval-steps of the preset is lowered from 100 to 10"),
                                          HasSubstr("--warmup-steps")));
  observer.notes.clear();
  const TrainerOptions large = Set(17'000);
  EXPECT_EQ(large.epochs, 15);
  EXPECT_EQ(large.eval_steps, 100);
  EXPECT_EQ(large.warmup_steps, 100);
  EXPECT_THAT(observer.notes, IsEmpty());
}

TEST_F(TrainingDurationTest, WhatTheUserGaveStays) {
  plan.epochs = 3;
  plan.eval_steps = 100;
  const TrainerOptions trainer = Set(280);
  EXPECT_EQ(trainer.epochs, 3);
  EXPECT_EQ(trainer.eval_steps, 100);
  EXPECT_THAT(observer.notes, IsEmpty());
}

TEST_F(TrainingDurationTest, StepsReplaceEpochs) {
  plan.epochs = 3;
  plan.max_steps = 25;
  const TrainerOptions trainer = Set(320);
  EXPECT_EQ(trainer.max_steps, 25);
  EXPECT_EQ(trainer.epochs, 3);  // the third is a part of one
  plan.max_steps = -1;           // Hugging Face's default
  EXPECT_EQ(Set(320).max_steps, 0);
  plan.max_steps = std::numeric_limits<int>::max();
  EXPECT_EQ(Set(320).epochs, 214'748'365);  // ten steps each
}

TEST_F(TrainingDurationTest, MoreStepsThanCanBeCountedAreRefused) {
  plan.epochs = 1'000'000'000;
  TrainerOptions trainer;
  const auto refused = SetDuration(plan, 3, Texts(320), trainer, observer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("the run would have 10000000000 steps"));
}

TEST_F(TrainingDurationTest, WarnsOfRatesThatAreProbablyMistakes) {
  TrainerOptions trainer;
  trainer.warmup_steps = 50;
  WarnOfLearningRate(trainer, 100, false, observer);
  trainer.lr = 0.05;
  WarnOfLearningRate(trainer, 100, true, observer);  // a head alone takes much more than an encoder
  EXPECT_THAT(observer.warnings, IsEmpty());
  trainer.lr = 2;
  WarnOfLearningRate(trainer, 50, false, observer);
  EXPECT_THAT(observer.warnings,
              ElementsAre(HasSubstr("--lr 2 is far above the usual peak learning rates of transformers, such as 2e-5"),
                          HasSubstr("--warmup-steps 50 does not end before the run, which has 50 steps")));
  trainer.lr = 2e-5;
  trainer.warmup_steps.reset();
  trainer.warmup_ratio = 0.99;
  WarnOfLearningRate(trainer, 50, false, observer);  // 49.5 steps are 50
  EXPECT_THAT(observer.warnings.back(), HasSubstr("--warmup-ratio 0.99 does not end before the run"));
}

}  // namespace
}  // namespace winnow
