/// A model of a server: its classifier, and the queue in front of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "server/api_error.h"
#include "server/client_tasks.h"
#include "server/decision_counts.h"
#include "server/metrics.h"
#include "server/prediction_cache.h"
#include "server/scheduler.h"
#include "store/redis_cache.h"

namespace winnow {

/// Objects that a server's models share; each may be null.
struct SharedParts {
  std::shared_ptr<PredictionCache> cache;
  std::shared_ptr<RedisCache> redis;
  std::shared_ptr<ServerMetrics> metrics;
  std::shared_ptr<ClientTasks> tasks;  ///< threads for requests with many texts; null: the caller's thread
  /// Called by any thread, every ten seconds at most, while the mapped weights of a model are not those that were
  /// loaded; or empty. Must not wait.
  std::function<void()> weights_changed;
};

/// Durations of the phases of a request. Zero for phases that did not occur: a cached prediction does not wait.
struct ServedTimes {
  std::chrono::duration<double> tokenize{}, queue{}, infer{};
  size_t tokens = 0;
};

/// A loaded model. Thread-safe. Destruction computes the queued texts first, and must not happen within a `done`
/// (ModelLifetimes).
class ServedModel : public std::enable_shared_from_this<ServedModel> {
 public:
  /// Loads a model. Errors: BundleClassifier::Load's.
  static Result<std::unique_ptr<ServedModel>> Load(const std::filesystem::path& bundle, const SchedulerOptions& options,
                                                   SharedParts shared = {});

  ServedModel(const ServedModel&) = delete;
  ServedModel& operator=(const ServedModel&) = delete;
  ~ServedModel();

  const std::string& name() const { return classifier_->manifest().name; }
  const std::string& version() const { return classifier_->manifest().version; }
  const BundleClassifier& classifier() const { return *classifier_; }

  struct Request {
    std::vector<InputText> texts;
    /// In place of `texts`, for Embed alone: texts as token ids (Scorer::PrepareIds).
    std::vector<std::vector<int32_t>> ids = {};
    ClassifyOptions options = {};
    std::string client = {};
    std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
    std::chrono::steady_clock::duration waited{};  ///< HttpRequest::waited; counts for SchedulerOptions::max_wait
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    size_t max_tokens = 0;   ///< maximum number of tokens of all texts; 0: no limit
    size_t max_windows = 0;  ///< maximum number of windows of all texts, for a model that reads long texts in windows
    bool no_store = false;   ///< true if these texts are neither looked up nor stored in a cache
    std::shared_ptr<const std::atomic<bool>> client_disconnected = {};  ///< HttpRequest::client_disconnected, or null
    std::function<void(std::function<void()>)> defer = {};              ///< HttpRequest::defer, see ScheduledTexts
  };
  /// Receives the predictions. Errors: 429 if the queue is full or the request has waited too long, 503 if the deadline
  /// has passed or the client has disconnected, 500.
  using Done = std::function<void(ApiResult<std::vector<ClassifiedText>>, const ServedTimes&)>;

  /// Classifies texts, and calls `done` once, on this or another thread. Cached texts, and texts that are scored faster
  /// than they could be queued (Scorer::IsInstant), are answered on this thread; the others are queued. Requests of
  /// many or long texts, which would keep this thread for more than about a millisecond, are prepared and answered on
  /// the threads of `tasks`.
  void Classify(Request request, Done done) const;

  /// Receives the embeddings [texts, embedding_size()] (classify/embedding.h). Errors: those of Done; 422 for token ids
  /// that are not of this model's tokenizer.
  using EmbedDone = std::function<void(ApiResult<std::vector<float>>, const ServedTimes&)>;

  /// Computes the embeddings of texts, and calls `done` once, on this or another thread. The texts go through the same
  /// queue as those to classify; embeddings are not cached, and request.options has no effect. Requires
  /// classifier().scorer().embedding_size() > 0.
  void Embed(Request request, EmbedDone done) const;

  /// Counts predictions that are sent to a client, in the metrics, and returns their numbers.
  DecisionCounts Count(std::span<const ClassifiedText> predictions) const;

  SchedulerCounts counts() const { return scheduler_->counts(); }

 private:
  struct Call;

  ServedModel(const SchedulerOptions& options, SharedParts shared);
  void Start(const std::shared_ptr<Call>& call) const;
  void Begin(const std::shared_ptr<Call>& call) const;
  std::optional<ApiError> Prepare(Call& call) const;
  void LookUp(const std::shared_ptr<Call>& call) const;
  void AskRedis(const std::shared_ptr<Call>& call) const;
  void Schedule(const std::shared_ptr<Call>& call) const;
  void Keep(std::span<const int32_t> ids, std::span<const float> values) const;
  void Fill(Call& call, const ScheduledTexts& texts, std::span<const int32_t> begins) const;
  void Finish(const std::shared_ptr<Call>& call) const;
  void Respond(Call& call) const;
  bool Later(const Call& call, std::function<void()> task) const;
  void Refuse(Call& call, const Error& error) const;
  void NoteChangedWeights(const Error& error) const;
  void Refuse(Call& call, ApiError told) const;
  std::optional<ApiError> WaitError(const Call& call) const;
  std::optional<ApiError> SizeError(const Call& call) const;
  std::chrono::seconds RetryAfter() const;

  bool counted_ = false;  // by the metrics
  const SharedParts shared_;
  const std::chrono::milliseconds max_wait_;
  const uint64_t cache_key_;  // of this one as it is loaded now
  std::string redis_key_;     // of all that its answers depend on; empty: not told apart from others
  ThreadPool pool_;
  std::unique_ptr<const BundleClassifier> classifier_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace winnow
