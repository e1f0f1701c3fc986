#include "base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace winnow {
namespace {

/// To the process, as a terminal does, and time for the waiting thread to take it.
void Send(int signal) {
  ::kill(::getpid(), signal);
  for (int i = 0; i < 2000 && !Interrupted(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(Interrupt, TheFirstSignalSetsTheFlagAndTheSecondEndsTheProcess) {
  EXPECT_TRUE(CheckInterrupted());
  EXPECT_EXIT(
      {
        HandleInterrupts();
        Send(SIGINT);
        if (!Interrupted() || CheckInterrupted().error().code != ErrorCode::kCancelled) ::_exit(1);
        Send(SIGINT);
        std::this_thread::sleep_for(std::chrono::seconds(10));
        ::_exit(2);
      },
      ::testing::ExitedWithCode(128 + SIGINT), "stopping at the next safe place");
}

TEST(Interrupt, AClearedInterruptIsForgotten) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        Send(SIGTERM);
        ClearInterrupt();
        Send(SIGTERM);
        ::_exit(Interrupted() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, OtherThreadsAreNotInterruptedThemselves) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        sigset_t blocked;
        std::thread([&] { ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked); }).join();
        ::_exit(::sigismember(&blocked, SIGINT) == 1 && ::sigismember(&blocked, SIGTERM) == 1 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, AHangUpAsksForAReloadInEitherOrderOfHandlers) {
  for (const bool interrupts_first : {true, false}) {
    EXPECT_EXIT(
        {
          if (interrupts_first) HandleInterrupts();
          HandleReloads();
          HandleInterrupts();
          if (TakeReload()) ::_exit(1);
          for (int time = 0; time < 2; ++time) {
            ::kill(::getpid(), SIGHUP);
            bool taken = false;
            for (int i = 0; i < 2000 && !taken; ++i) {
              taken = TakeReload();
              if (!taken) std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            if (!taken || Interrupted()) ::_exit(1);
          }
          Send(SIGTERM);
          ::_exit(Interrupted() && !TakeReload() ? 0 : 1);
        },
        ::testing::ExitedWithCode(0), "");
  }
}

}  // namespace
}  // namespace winnow
