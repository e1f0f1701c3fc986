#include "server/experiment_service.h"

#include <algorithm>

#include "base/background_step.h"
#include "base/log.h"

namespace winnow {

ExperimentService::ExperimentService(ExperimentServiceOptions options, StoreSource feedback)
    : options_(std::move(options)), feedback_(std::move(feedback)), live_(RandomKey()) {
  thread_ = std::thread([this] { Work(); });
}

ExperimentService::~ExperimentService() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  std::shared_ptr<Store> hanging;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
    while (!ended_ && changed_.WaitUntil(mutex_, until)) continue;
    if (!ended_) hanging = records_;
  }
  if (hanging != nullptr) hanging->Shut();
  bool ended = false;
  {
    const MutexLock lock(mutex_);
    while (!ended_ && changed_.WaitUntil(mutex_, until + std::chrono::seconds(8))) continue;
    ended = ended_;
  }
  if (const std::shared_ptr<Store> feedback = feedback_(); !ended && feedback != nullptr) feedback->Shut();
  thread_.join();
}

void ExperimentService::NoteMissing(const ArmAssignment& assignment) {
  {
    const MutexLock lock(mutex_);
    if (!missing_.insert(assignment.live->id()).second) return;
  }
  LogWarning("experiment {}: this server does not have the candidate {} yet; until it has, its users are not counted",
             assignment.live->id(), assignment.candidate());
}

Result<void> ExperimentService::Exchange() {
  const std::shared_ptr<Store> feedback = feedback_();
  std::shared_ptr<Store> records;
  {
    const MutexLock lock(mutex_);
    records = records_;
  }
  if (records == nullptr && options_.records.empty()) records = feedback;
  if (records == nullptr && !options_.records.empty()) {
    records = TRY(Store::Open({.url = options_.records, .max_connections = 2}));
    const MutexLock lock(mutex_);
    records_ = records;
  }
  if (records == nullptr) return {};  // who opens the store says that it is down
  return live_.Exchange(*records, feedback.get(), StoreNow());
}

void ExperimentService::Work() {
  std::string last_error;
  while (true) {
    const auto begin = std::chrono::steady_clock::now();
    RunBackgroundStep("experiments", [&] {
      const Result<void> done = Exchange();
      const std::string error = done ? std::string() : done.error().message;
      if (error != last_error && !error.empty()) LogWarning("experiments: {}; what was counted waits", error);
      if (error != last_error && error.empty()) LogInfo("experiments: the store is available again");
      last_error = error;
    });
    // At most a twentieth of the time is spent on it, however many users there are.
    const auto end = std::chrono::steady_clock::now();
    const auto until = end + std::max<std::chrono::steady_clock::duration>(options_.interval, 20 * (end - begin));
    const MutexLock lock(mutex_);
    if (ending_) {
      ended_ = true;
      changed_.NotifyAll();
      return;
    }
    while (!ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
  }
}

}  // namespace winnow
