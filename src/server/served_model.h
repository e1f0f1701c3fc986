/// A model that a server answers with: its classifier, and the queue in front of it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "server/scheduler.h"

namespace winnow {

/// Thread-safe. Destroying it computes what is queued first, and must not happen within a `done` (LivingModels).
class ServedModel {
 public:
  /// Errors: BundleClassifier::Load's.
  static Result<std::unique_ptr<ServedModel>> Load(const std::filesystem::path& bundle,
                                                   const SchedulerOptions& options);

  const std::string& name() const { return classifier_->manifest().name; }
  const std::string& version() const { return classifier_->manifest().version; }
  const BundleClassifier& classifier() const { return *classifier_; }

  struct Request {
    std::vector<std::string> texts;
    ClassifyOptions options = {};
    std::string client = {};
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    bool no_store = false;  ///< these texts go into no cache, and come from none
  };
  using Done = std::function<void(Result<std::vector<ClassifiedText>>)>;

  /// Classifies, and calls `done` once, here or on a worker. False, and no call, when the queue is full. A few texts of
  /// a linear model are classified here, faster than they could queue; many wait their turn as all others do.
  bool Classify(Request request, Done done) const;

  SchedulerCounts counts() const { return scheduler_->counts(); }
  /// Whole seconds after which a refused client may come again, at least 1.
  int RetryAfterSeconds() const;

 private:
  ServedModel() : pool_(1) {}

  ThreadPool pool_;
  std::unique_ptr<const BundleClassifier> classifier_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace winnow
