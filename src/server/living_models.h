/// Models from when they are loaded until they are gone: the memory that they take, and a thread that destroys them.
///
/// The last who uses a model is often one of the model's own threads, at the end of a request; it can't wait for itself
/// to end, as destroying the model does. So whoever lets go of a model last hands it over to this thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/served_model.h"

namespace winnow {

/// Thread-safe.
class LivingModels {
 public:
  LivingModels();
  LivingModels(const LivingModels&) = delete;
  LivingModels& operator=(const LivingModels&) = delete;
  ~LivingModels() { Finish(); }

  /// Waits until the last model has been let go and destroyed. Nothing is added from here on.
  void Finish();

  /// From here on the model counts, with so much memory.
  std::shared_ptr<const ServedModel> Add(std::unique_ptr<const ServedModel> model, uint64_t bytes);

  /// Of all that are not destroyed yet, also those that only a request still holds.
  uint64_t bytes() const;

  /// False when there is still more after `patience`.
  bool WaitUntilAtMost(uint64_t bytes, std::chrono::milliseconds patience) const;

 private:
  struct Dying {
    std::unique_ptr<const ServedModel> model;
    uint64_t bytes = 0;
  };
  void Destroy();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Dying> dying_;
  size_t count_ = 0;
  uint64_t bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace winnow
