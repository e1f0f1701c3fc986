/// Lifetimes of loaded models: the memory that they take, and a thread that destroys them.
///
/// The last user of a model is often one of the model's own threads, at the end of a request. That thread cannot
/// destroy the model, since destroying it waits for the thread to end. So the last user hands the model over to the
/// thread of this class.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/served_model.h"

namespace winnow {

/// The models that are loaded. Thread-safe.
class ModelLifetimes {
 public:
  ModelLifetimes();
  ModelLifetimes(const ModelLifetimes&) = delete;
  ModelLifetimes& operator=(const ModelLifetimes&) = delete;
  ~ModelLifetimes() { Finish(); }

  /// Waits until all models have been released and destroyed. No model may be added afterwards.
  void Finish();

  /// Adds a model, which counts as `bytes` bytes of memory until it is destroyed.
  std::shared_ptr<const ServedModel> Add(std::unique_ptr<const ServedModel> model, uint64_t bytes);

  /// Returns the memory of all models that are not destroyed yet, including those that only a request still uses.
  uint64_t bytes() const;

  /// Waits until at most `bytes` bytes are in use. Returns false if there are more after `patience`.
  bool WaitUntilAtMost(uint64_t bytes, std::chrono::milliseconds patience) const;

 private:
  struct Released {
    std::unique_ptr<const ServedModel> model;
    uint64_t bytes = 0;
  };
  void Destroy();

  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  std::vector<Released> released_ GUARDED_BY(mutex_);  // to be destroyed
  size_t count_ GUARDED_BY(mutex_) = 0;                // of models that are not destroyed yet
  uint64_t bytes_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow
