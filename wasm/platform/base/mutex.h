/// The mutexes of a system without threads, which nobody else ever holds.
#pragma once

#define GUARDED_BY(mutex)
#define REQUIRES(mutex)
#define EXCLUDES(mutex)
#define NO_THREAD_SAFETY_ANALYSIS

namespace winnow {

class Mutex {
 public:
  void Lock() {}
  void Unlock() {}
  bool TryLock() { return true; }
};

class MutexLock {
 public:
  explicit MutexLock(Mutex&) {}
  struct Acquired {};
  MutexLock(Mutex&, Acquired) {}
  ~MutexLock() {}  // so that a lock is not an unused variable
};

}  // namespace winnow
