/// The experiments of a server: the thread that exchanges with the stores what requests count.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "experiment/live_experiments.h"
#include "store/store.h"

namespace winnow {

struct ExperimentServiceOptions {
  /// URL of the store with the records of the registry; empty: that with the feedback.
  std::string records = {};
  std::chrono::milliseconds interval{1000};  ///< between two exchanges
};

/// Thread-safe.
class ExperimentService {
 public:
  /// Returns the store with messages and feedback; null while it is down.
  using StoreSource = std::function<std::shared_ptr<Store>()>;

  /// Starts the exchange. A store that cannot be reached is no error: requests are assigned by what is known, and
  /// counts wait.
  ExperimentService(ExperimentServiceOptions options, StoreSource feedback);
  ExperimentService(const ExperimentService&) = delete;
  ExperimentService& operator=(const ExperimentService&) = delete;
  /// Exchanges once more, for two seconds at most; waits ten seconds for a store that hangs.
  ~ExperimentService();

  LiveExperiments& live() { return live_; }
  /// Reports that this server does not have the candidate of an experiment; once for each.
  void NoteMissing(const ArmAssignment& assignment);

 private:
  void Work();
  Result<void> Exchange();

  const ExperimentServiceOptions options_;
  const StoreSource feedback_;
  LiveExperiments live_;
  std::shared_ptr<Store> records_ GUARDED_BY(mutex_);
  Mutex mutex_;
  ConditionVariable changed_;
  std::set<std::string> missing_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow
