/// Mutexes whose use the compiler checks. Clang's thread safety analysis (-Wthread-safety, run by `./dev check`;
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html) needs annotations that libstdc++'s mutexes do not have; these
/// classes are std::mutex and std::condition_variable with them. For g++ the macros are empty.
///
///     int Counter::Next() {
///       const MutexLock lock(mutex_);
///       return NextLocked();
///     }
///     int NextLocked() REQUIRES(mutex_) { return ++count_; }
///     Mutex mutex_;
///     int count_ GUARDED_BY(mutex_) = 0;
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define WINNOW_THREAD_ANNOTATION(annotation) __attribute__((annotation))
#else
#define WINNOW_THREAD_ANNOTATION(annotation)
#endif

/// Declares that a field may be read and written only while the mutex is held.
#define GUARDED_BY(mutex) WINNOW_THREAD_ANNOTATION(guarded_by(mutex))
/// Declares that a function may be called only while the mutex is held, at least for reading, or only while it is not
/// held.
#define REQUIRES(mutex) WINNOW_THREAD_ANNOTATION(requires_capability(mutex))
#define REQUIRES_SHARED(mutex) WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex))
#define EXCLUDES(mutex) WINNOW_THREAD_ANNOTATION(locks_excluded(mutex))
/// Excludes a function from the analysis; a comment at the function explains why it is correct.
#define NO_THREAD_SAFETY_ANALYSIS WINNOW_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace winnow {

class WINNOW_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() WINNOW_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() WINNOW_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool TryLock() WINNOW_THREAD_ANNOTATION(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

/// Holds the mutex during its own lifetime.
class WINNOW_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WINNOW_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  /// Takes over a mutex that TryLock has acquired.
  struct Acquired {};
  MutexLock(Mutex& mutex, Acquired) WINNOW_THREAD_ANNOTATION(requires_capability(mutex)) : mutex_(mutex) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() WINNOW_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }

 private:
  Mutex& mutex_;
};

/// A mutex that is held by many readers or by one writer.
class WINNOW_THREAD_ANNOTATION(capability("shared mutex")) SharedMutex {
 public:
  void Lock() WINNOW_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() WINNOW_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  void LockShared() WINNOW_THREAD_ANNOTATION(acquire_shared_capability()) { mutex_.lock_shared(); }
  void UnlockShared() WINNOW_THREAD_ANNOTATION(release_shared_capability()) { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

/// Holds a SharedMutex as a reader during its own lifetime.
class WINNOW_THREAD_ANNOTATION(scoped_lockable) ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) WINNOW_THREAD_ANNOTATION(acquire_shared_capability(mutex)) : mutex_(mutex) {
    mutex_.LockShared();
  }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;
  ~ReaderLock() WINNOW_THREAD_ANNOTATION(release_capability()) { mutex_.UnlockShared(); }

 private:
  SharedMutex& mutex_;
};

/// Holds a SharedMutex as the writer during its own lifetime.
class WINNOW_THREAD_ANNOTATION(scoped_lockable) WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) WINNOW_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock() WINNOW_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }

 private:
  SharedMutex& mutex_;
};

/// A condition variable for Mutex. The functions that wait release the mutex and hold it again when they return. They
/// may return early, so call them in a loop that tests the condition: `while (queue_.empty()) changed_.Wait(mutex_);`
class ConditionVariable {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// Waits as Wait does, until `time` at most. Returns false if the time has passed.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point time) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = condition_.wait_until(lock, time);
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace winnow
