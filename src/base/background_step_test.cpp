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

}  // namespace
}  // namespace winnow
