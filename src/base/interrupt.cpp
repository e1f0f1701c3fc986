// Signals are taken by a thread that waits for them, and blocked everywhere else. A handler would not do: oneDNN's
// generated kernels use the stack pointer as one more register, so a handler's frame on such a thread is written into
// whatever it points to (seen with 2.6.3: a Ctrl-C in training corrupted the heap).
#include "base/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/json_log_line.h"
#include "base/log.h"

namespace winnow {
namespace {

std::atomic<bool> interrupted = false;
std::atomic<bool> reload = false;

void WaitForSignals(sigset_t signals) {
  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    if (interrupted.exchange(true)) ::_exit(128 + signal);
    // Not by the console, which a writer may hold that stalls: the second signal must be taken in any case.
    std::string message = "\nstopping at the next safe point; press Ctrl-C again to stop immediately\n";
    if (CurrentLogFormat() == LogFormat::kJson) {
      if (!Logs(LogLevel::kInfo)) continue;
      message =
          JsonLogLine(LogLevel::kInfo, "stopping at the next safe point; a second signal stops immediately") + "\n";
    }
    // A pipe that is full does not get it: a write would wait for its reader, and the second signal with it.
    pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&error, 1, 0) <= 0) continue;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
  }
}

void WaitForReloads(sigset_t signals) {
  for (int signal = 0; sigwait(&signals, &signal) == 0;) reload = true;
}

/// Blocks `signals` here, and in every thread that is made from here on; `wait` takes them on one of its own.
void TakeOnThread(const sigset_t& signals, void (*wait)(sigset_t)) {
  // The thread takes none of the other's: they would end the process there as long as they aren't blocked here.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread(wait, signals).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void HandleInterrupts() {
  static std::atomic<bool> handled = false;
  if (handled.exchange(true)) return;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  TakeOnThread(signals, WaitForSignals);
}

bool Interrupted() noexcept { return interrupted.load(std::memory_order_relaxed); }

Result<void> CheckInterrupted() {
  if (!Interrupted()) return {};
  return Fail(ErrorCode::kCancelled, "stopped on request");
}

void HandleReloads() {
  static std::atomic<bool> handled = false;
  if (handled.exchange(true)) return;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGHUP);
  TakeOnThread(signals, WaitForReloads);
}

bool TakeReload() noexcept { return reload.exchange(false); }

}  // namespace winnow
