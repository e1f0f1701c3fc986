/// A model that a server answers with: its classifier, and the queue in front of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "server/answer_cache.h"
#include "server/api_error.h"
#include "server/metrics.h"
#include "server/scheduler.h"
#include "store/redis_cache.h"

namespace winnow {

/// What a server's models share; each may be null.
struct SharedParts {
  std::shared_ptr<AnswerCache> cache;
  std::shared_ptr<RedisCache> redis;
  std::shared_ptr<ServerMetrics> metrics;
};

/// What a request's time went to. Zero for what was not done: nothing waits for an answer that is cached.
struct ServedTimes {
  std::chrono::duration<double> tokenize{}, queue{}, infer{};
  size_t tokens = 0;
};

/// Thread-safe. Destroying it computes what is queued first, and must not happen within a `done` (ModelLifetimes).
class ServedModel : public std::enable_shared_from_this<ServedModel> {
 public:
  /// Errors: BundleClassifier::Load's.
  static Result<std::unique_ptr<ServedModel>> Load(const std::filesystem::path& bundle, const SchedulerOptions& options,
                                                   SharedParts shared = {});

  const std::string& name() const { return classifier_->manifest().name; }
  const std::string& version() const { return classifier_->manifest().version; }
  const BundleClassifier& classifier() const { return *classifier_; }

  struct Request {
    std::vector<InputText> texts;
    ClassifyOptions options = {};
    std::string client = {};
    std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    bool no_store = false;  ///< these texts go into no cache, and come from none
    std::shared_ptr<const std::atomic<bool>> client_disconnected = {};  ///< HttpRequest's; or null
    std::function<void(std::function<void()>)> defer = {};              ///< ScheduledTexts'
  };
  /// Errors: 429 when the queue is full, 503 when its time was over or nobody waits any more, 500.
  using Done = std::function<void(ApiResult<std::vector<ClassifiedText>>, const ServedTimes&)>;

  /// Classifies, and calls `done` once, here or on another thread. What is cached is answered here, and so are texts
  /// that are scored faster than they could queue (Scorer::IsInstant); the rest wait their turn.
  void Classify(Request request, Done done) const;

  SchedulerCounts counts() const { return scheduler_->counts(); }

 private:
  struct Call;

  ServedModel(int threads, SharedParts shared);
  void LookUp(const std::shared_ptr<Call>& call) const;
  void AskRedis(const std::shared_ptr<Call>& call) const;
  void Schedule(const std::shared_ptr<Call>& call) const;
  void Keep(std::span<const int32_t> ids, std::span<const float> values) const;
  void Finish(Call& call) const;
  void Refuse(Call& call, const Error& error) const;
  std::chrono::seconds RetryAfter() const;

  const SharedParts shared_;
  const uint64_t cache_key_;  // of this one as it is loaded now
  std::string redis_key_;     // of all that its answers depend on; empty: not told apart from others
  ThreadPool pool_;
  std::unique_ptr<const BundleClassifier> classifier_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace winnow
