#include "base/interrupt.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "base/log.h"

namespace winnow {
namespace {

/// Sends the first signal to the process, as a terminal does, and waits until the thread that handles it has received
/// it.
void Send(int signal) {
  ::kill(::getpid(), signal);
  while (!Interrupted()) std::this_thread::yield();
}

TEST(Interrupt, TheFirstSignalSetsTheFlagAndTheSecondEndsTheProcess) {
  EXPECT_TRUE(CheckInterrupted());
  EXPECT_EXIT(
      {
        HandleInterrupts();
        Send(SIGINT);
        if (CheckInterrupted().error().code != ErrorCode::kCancelled) ::_exit(1);
        ::kill(::getpid(), SIGINT);
        for (;;) ::pause();
      },
      ::testing::ExitedWithCode(128 + SIGINT), "stopping at the next safe point");
}

TEST(Interrupt, AmongJsonLinesTheMessageIsOne) {
  EXPECT_EXIT(
      {
        SetUpLogging({LogLevel::kInfo, LogFormat::kJson});
        HandleInterrupts();
        Send(SIGTERM);
        ::kill(::getpid(), SIGTERM);
        for (;;) ::pause();
      },
      ::testing::ExitedWithCode(128 + SIGTERM), "^\\{.*\"message\":\"stopping at the next safe point;.*\\}");
}

/// Makes standard error a pipe that nobody reads and that takes nothing more.
void StallStandardError() {
  std::array<int, 2> ends = {};
  if (::pipe(ends.data()) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) ::_exit(1);
  const int flags = ::fcntl(STDERR_FILENO, F_GETFL);
  ::fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
  const std::string block(1024, 'x');
  while (::write(STDERR_FILENO, block.data(), block.size()) > 0) continue;
  ::fcntl(STDERR_FILENO, F_SETFL, flags);
}

TEST(Interrupt, TheSecondSignalEndsAProcessWhoseStandardErrorStalls) {
  EXPECT_EXIT(
      {
        StallStandardError();
        HandleInterrupts();
        Send(SIGTERM);
        ::kill(::getpid(), SIGTERM);
        for (;;) ::pause();
      },
      ::testing::ExitedWithCode(128 + SIGTERM), "");
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
            while (!TakeReload()) std::this_thread::yield();
            if (Interrupted()) ::_exit(1);
          }
          Send(SIGTERM);
          ::_exit(TakeReload() ? 1 : 0);
        },
        ::testing::ExitedWithCode(0), "");
  }
}

}  // namespace
}  // namespace winnow
