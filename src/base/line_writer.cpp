#include "base/line_writer.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <deque>
#include <string_view>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace winnow {
namespace {

constexpr std::chrono::seconds kPatience(1);
constexpr int kPollMs = 50;

/// Whether a write to the descriptor may wait for a reader; files on disk are always writable to poll(2).
bool MayStall(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode);
}

/// Makes writes of this thread to a pipe without readers fail, in place of ending the process by a signal.
void BlockBrokenPipeSignal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct LineWriter::State {
  struct Entry {
    std::string line;
    int descriptor = -1;  // to be used from here on, in place of a line
  };

  Mutex mutex;
  ConditionVariable changed;
  std::deque<Entry> queue GUARDED_BY(mutex);
  size_t queued_bytes GUARDED_BY(mutex) = 0;
  size_t max_bytes = 0;
  uint64_t lost GUARDED_BY(mutex) = 0;
  bool stopping GUARDED_BY(mutex) = false;
  bool finished GUARDED_BY(mutex) = false;
  std::chrono::steady_clock::time_point deadline GUARDED_BY(mutex);

  // Of the thread alone:
  int descriptor = -1;
  bool owned = false;

  bool Late() {
    const MutexLock lock(mutex);
    return stopping && std::chrono::steady_clock::now() >= deadline;
  }

  /// Waits until the descriptor takes bytes; false if the writer stops first.
  bool WaitUntilWritable() {
    for (;;) {
      pollfd wanted = {.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (::poll(&wanted, 1, kPollMs) > 0) return true;
      if (Late()) return false;
    }
  }

  bool WriteLine(std::string_view bytes) {
    const bool may_stall = MayStall(descriptor);
    while (!bytes.empty()) {
      if (may_stall && !WaitUntilWritable()) return false;
      // A pipe that is writable takes PIPE_BUF bytes without waiting.
      const size_t count = may_stall ? std::min<size_t>(bytes.size(), PIPE_BUF) : bytes.size();
      const ssize_t written = ::write(descriptor, bytes.data(), count);
      if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }

  void Use(int next) {
    if (owned) ::close(descriptor);
    descriptor = next;
    owned = true;
  }
};

LineWriter::LineWriter(int descriptor, bool owned, size_t max_bytes) : state_(std::make_shared<State>()) {
  state_->descriptor = descriptor;
  state_->owned = owned;
  state_->max_bytes = max_bytes;
  std::thread([state = state_] { Run(state); }).detach();
}

LineWriter::~LineWriter() {
  const MutexLock lock(state_->mutex);
  state_->deadline = std::chrono::steady_clock::now() + kPatience;
  state_->stopping = true;
  state_->changed.NotifyAll();
  const auto give_up = state_->deadline + std::chrono::milliseconds(2 * kPollMs);
  while (!state_->finished && std::chrono::steady_clock::now() < give_up) {
    state_->changed.WaitUntil(state_->mutex, give_up);
  }
}

void LineWriter::Write(std::string line) {
  line += '\n';
  const MutexLock lock(state_->mutex);
  if (state_->queued_bytes + line.size() > state_->max_bytes) {
    ++state_->lost;
    return;
  }
  state_->queued_bytes += line.size();
  state_->queue.push_back({.line = std::move(line)});
  state_->changed.NotifyAll();
}

void LineWriter::Replace(int descriptor) {
  const MutexLock lock(state_->mutex);
  state_->queue.push_back({.line = {}, .descriptor = descriptor});
  state_->changed.NotifyAll();
}

uint64_t LineWriter::lost() const {
  const MutexLock lock(state_->mutex);
  return state_->lost;
}

void LineWriter::Run(const std::shared_ptr<State>& state) {
  BlockBrokenPipeSignal();
  for (;;) {
    State::Entry entry;
    {
      const MutexLock lock(state->mutex);
      while (state->queue.empty() && !state->stopping) state->changed.Wait(state->mutex);
      if (state->queue.empty()) break;
      entry = std::move(state->queue.front());
      state->queue.pop_front();
    }
    if (entry.descriptor >= 0) {
      state->Use(entry.descriptor);
      continue;
    }
    const bool written = state->WriteLine(entry.line);
    const MutexLock lock(state->mutex);
    state->queued_bytes -= entry.line.size();
    if (!written) ++state->lost;
  }
  if (state->owned) ::close(state->descriptor);
  const MutexLock lock(state->mutex);
  state->finished = true;
  state->changed.NotifyAll();
}

}  // namespace winnow
