#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <system_error>

#include "base/cpu_quota.h"

namespace winnow {
namespace {

// Phases of a training step follow each other within microseconds, where waking a sleeping thread costs tens of them;
// so waiters spin for about that long first, and sleep afterwards, which leaves the core to others.
constexpr int kSpins = 4000;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns once `value` differs from `old`.
void WaitWhileEqual(const std::atomic<unsigned>& value, unsigned old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

/// The task of one Run, and the first exception of any of its threads.
struct GuardedTask {
  const std::function<void(int)>& task;
  std::atomic<bool> failed = false;
  std::exception_ptr failure = nullptr;

  void operator()(int thread) {
    try {
      task(thread);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
};

/// The cores of the affinity mask, but no more than `most` unless that is 0.
int Cores(int most) {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  if (most > 0) cores = std::min(cores, most);
  return std::max(cores, 1);
}

/// Has threads that wait for the next round end, and waits until they have.
void End(std::vector<std::thread>& workers, std::atomic<unsigned>& round, bool& stop) {
  stop = true;
  round.fetch_add(1, std::memory_order_release);
  round.notify_all();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

void SetThreadUrgency(ThreadUrgency urgency) {
#if defined(SYS_sched_setattr)
  struct Attributes {  // the first version of sched_attr, for which the C library has no header
    uint32_t size = 48, policy = 0;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime = 0, deadline = 0, period = 0;
  } attributes;
  static_assert(sizeof(Attributes) == 48);
  if (::syscall(SYS_sched_getattr, 0, &attributes, attributes.size, 0) != 0) return;
  constexpr uint64_t kShortSlice = 100'000, kDefaultSlice = 0;  // nanoseconds; the shortest that Linux gives
  attributes.runtime = urgency == ThreadUrgency::kPrompt ? kShortSlice : kDefaultSlice;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
#else
  (void)urgency;
#endif
}

void NameThread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

int AvailableCores() { return Cores(static_cast<int>(std::ceil(CpuQuota().value_or(0)))); }

int UnthrottledCores() {
  const std::optional<double> quota = CpuQuota();
  return Cores(quota ? std::max(static_cast<int>(*quota), 1) : 0);
}

ThreadPool::ThreadPool(int threads) : process_(::getpid()) {
  if (threads <= 0) threads = AvailableCores();
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(i); });
  } catch (const std::system_error& error) {  // a limit of the system or of the container
    const std::string started = std::to_string(workers_.size() + 1);
    End(workers_, round_, stop_);
    throw std::system_error(error.code(),
                            "only " + started + " of " + std::to_string(threads) + " threads can be started");
  }
}

bool ThreadPool::forked() const { return !workers_.empty() && process_ != ::getpid(); }

ThreadPool::~ThreadPool() { End(workers_, round_, stop_); }

void ThreadPool::Run(const std::function<void(int)>& task) {
  if (workers_.empty()) return task(0);
  GuardedTask guarded{task};
  const std::function<void(int)> shared = [&guarded](int thread) { guarded(thread); };  // small: allocates nothing
  task_ = &shared;
  running_.store(static_cast<unsigned>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  guarded(0);
  for (unsigned left; (left = running_.load(std::memory_order_acquire)) != 0;) WaitWhileEqual(running_, left);
  if (guarded.failure) std::rethrow_exception(guarded.failure);
}

void ThreadPool::ForRanges(size_t count, size_t grain, const std::function<void(size_t, size_t, int)>& task) {
  const size_t parts = static_cast<size_t>(size());
  const size_t units = (count + grain - 1) / grain;
  Run([&](int thread) {
    const size_t begin = units * static_cast<size_t>(thread) / parts * grain;
    const size_t end = std::min(units * (static_cast<size_t>(thread) + 1) / parts * grain, count);
    if (begin < end) task(begin, end, thread);
  });
}

void Barrier::Wait() {
  if (threads_ == 1) return;
  const unsigned round = round_.load(std::memory_order_acquire);
  if (waiting_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    waiting_.store(0, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  } else {
    WaitWhileEqual(round_, round);
  }
}

void ThreadPool::Work(int thread) {
  for (unsigned round = 0;; ++round) {
    WaitWhileEqual(round_, round);
    if (stop_) return;
    (*task_)(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

}  // namespace winnow
