#include "base/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace winnow {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

// Only calls that POSIX lists as safe in a handler.
void HandleSignal(int signal) {
  if (interrupted.exchange(true)) ::_exit(128 + signal);
  constexpr std::string_view kMessage = "\nstopping at the next safe place; once more stops at once\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
}

}  // namespace

void HandleInterrupts() {
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // no read or write of ours is to fail halfway because of it
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() noexcept { return interrupted.load(std::memory_order_relaxed); }

Result<void> CheckInterrupted() {
  if (!Interrupted()) return {};
  return Fail(ErrorCode::kCancelled, "stopped on request");
}

void ClearInterrupt() noexcept { interrupted = false; }

}  // namespace winnow
