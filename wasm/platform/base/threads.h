/// The thread pool of a system without threads: the caller's thread is its only one.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace winnow {

enum class PoolUse { kIfFree, kNone };

class ThreadPool {
 public:
  explicit ThreadPool(int) {}

  int size() const { return 1; }
  void Run(const std::function<void(int thread)>& task) { task(0); }
  void ForRanges(size_t count, size_t, const std::function<void(size_t begin, size_t end, int thread)>& task) {
    if (count > 0) task(0, count, 0);
  }
};

class Barrier {
 public:
  explicit Barrier(int) {}
  void Wait() {}
};

}  // namespace winnow
