/// Models from when they are loaded until they are gone: the memory that they take, and a thread that destroys them.
///
/// The last who uses a model is often one of the model's own threads, at the end of a request; it can't wait for itself
/// to end, as destroying the model does. So whoever lets go of a model last hands it over to this thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/served_model.h"

namespace winnow {

/// Thread-safe.
class ModelLifetimes {
 public:
  ModelLifetimes();
  ModelLifetimes(const ModelLifetimes&) = delete;
  ModelLifetimes& operator=(const ModelLifetimes&) = delete;
  ~ModelLifetimes() { Finish(); }

  /// Waits until the last model has been let go and destroyed. Nothing is added from here on.
  void Finish();

  /// From here on the model counts, with so much memory.
  std::shared_ptr<const ServedModel> Add(std::unique_ptr<const ServedModel> model, uint64_t bytes);

  /// Of all that are not destroyed yet, also those that only a request still holds.
  uint64_t bytes() const;

  /// False when there is still more after `patience`.
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
