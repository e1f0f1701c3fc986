#include "winnow/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string rows;
    for (int i = 0; i < 60; ++i) {
      rows += i % 2 == 0 ? "ham\tsee you at lunch " : "spam\twin a prize now ";
      rows += std::to_string(i) + "\n";
    }
    const std::filesystem::path data = dir.path() / "messages.tsv";
    ASSERT_TRUE(WriteFileAtomically(data, rows));
    options = {.data = {data}, .output_dir = dir.path() / "model", .base_model = "scratch", .threads = 1};
  }

  TemporaryDirectory dir;
  TrainOptions options;
};

TEST_F(TrainerTest, TheCallbackCancelsAtAStep) {
  const auto trained = Train(options, [](const TrainProgress& progress) { return progress.step == 0; });
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(options.output_dir));
}

TEST_F(TrainerTest, ANegativeNumberOfThreadsIsRefused) {
  options.threads = -1;
  const auto trained = Train(options);
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(TrainerTest, TheCallbackCancelsBeforeTheFirstStep) {
  options.freeze = "encoder";
  int steps = 0;
  const auto trained = Train(options, [&](const TrainProgress& progress) {
    steps = progress.step;
    return !progress.message.empty();  // stops at the first encoded texts
  });
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(steps, 0);
  EXPECT_THAT(trained.error().message, testing::HasSubstr("frozen encoder"));
}

}  // namespace
}  // namespace winnow
