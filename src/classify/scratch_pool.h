/// Pools of working memory that is reused by later calls.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace winnow {

/// A pool of objects. Thread-safe. Contains as many objects as were in use at the same time.
template <class T>
class ScratchPool {
 public:
  /// An object in use, which returns to its pool, with all its memory, when the lease is destroyed.
  class Lease {
   public:
    Lease(ScratchPool& pool, std::unique_ptr<T> object) : pool_(pool), object_(std::move(object)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      const MutexLock lock(pool_.mutex_);
      pool_.free_.push_back(std::move(object_));
    }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_.get(); }

   private:
    ScratchPool& pool_;
    std::unique_ptr<T> object_;
  };

  /// Returns an unused object in the state in which its last user left it, or a new one. The pool must outlive the
  /// lease.
  Lease Take() {
    const MutexLock lock(mutex_);
    if (free_.empty()) return Lease(*this, std::make_unique<T>());
    std::unique_ptr<T> object = std::move(free_.back());
    free_.pop_back();
    return Lease(*this, std::move(object));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<T>> free_ GUARDED_BY(mutex_);
};

}  // namespace winnow
