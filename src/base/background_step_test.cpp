#include "base/background_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <string>

namespace winnow {
namespace {

TEST(BackgroundStep, AnExceptionEndsTheStepAloneAndIsLoggedOncePerMinuteAtMost) {
  int steps = 0;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) {
    RunBackgroundStep("the history", [&] {
      ++steps;
      throw std::bad_alloc();
    });
  }
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(steps, 1000);
  EXPECT_TRUE(logged.starts_with("error: the history: std::bad_alloc\n")) << logged;
  EXPECT_LE(std::ranges::count(logged, '\n'), 2) << "a minute may end meanwhile";
}

TEST(BackgroundStep, ItsResultIsThatOfTheStepOrThatThereWasTooLittleMemory) {
  EXPECT_EQ(BackgroundStepResult("review", []() -> Result<int> { return 7; }).value(), 7);
  EXPECT_EQ(BackgroundStepResult("review", []() -> Result<int> { return Fail(ErrorCode::kInvalidData, "why"); })
                .error()
                .message,
            "why");
  ::testing::internal::CaptureStderr();
  const Result<void> failed = BackgroundStepResult("Redis", []() -> Result<void> { throw std::bad_alloc(); });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "error: Redis: std::bad_alloc\n");
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
  EXPECT_EQ(failed.error().message, "there was too little memory");
}

}  // namespace
}  // namespace winnow
