#include "base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace winnow {
namespace {

TEST(Interrupt, TheFirstSignalSetsTheFlagAndTheSecondEndsTheProcess) {
  EXPECT_TRUE(CheckInterrupted());
  EXPECT_EXIT(
      {
        HandleInterrupts();
        ::raise(SIGINT);
        if (!Interrupted() || CheckInterrupted().error().code != ErrorCode::kCancelled) ::_exit(1);
        ::raise(SIGINT);
        ::_exit(2);
      },
      ::testing::ExitedWithCode(128 + SIGINT), "stopping at the next safe place");
}

TEST(Interrupt, AClearedInterruptIsForgotten) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        ::raise(SIGTERM);
        ClearInterrupt();
        ::raise(SIGTERM);
        ::_exit(Interrupted() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace winnow
