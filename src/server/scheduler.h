/// Texts of many requests, computed together: one queue a model, one worker a core.
///
/// Requests are prepared where they arrive (Scorer::Prepare), so that tokens are queued if the model has tokens. A
/// worker that has nothing to do takes at once what is there, up to `max_batch_tokens`; it waits only if
/// `max_batch_delay` says so. So batches are as large as the load makes them: a single request on an idle server is
/// computed alone and at once, a thousand waiting ones share passes.
///
/// A worker that finds itself alone has the model's other threads help it with its batch, so that a single request on
/// an idle server is answered by all cores; as soon as there is more to do, each worker computes by itself, which makes
/// more of them.
///
/// While there is little left to do, batches are smaller, so that all workers are done at about the same time.
///
/// Clients take turns, a text each, and so do the requests of one client: so that one that sends ten thousand texts and
/// one that sends a single text both move on: the single one waits for a batch or two, not for ten thousand texts.
///
/// Answers don't depend on load or batch: with INT8 weights and with linear models a text's numbers are the same in any
/// batch (classify/bundle_classifier.h); with float weights they agree to rounding.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "server/metrics.h"

namespace winnow {

struct SchedulerOptions {
  int workers = 0;                               ///< 0: a core each
  size_t max_batch_tokens = 2048;                ///< a text that has more is computed alone
  size_t max_queued_texts = 8192;                ///< more are refused: better at once than late
  std::chrono::microseconds max_batch_delay{0};  ///< that a worker waits for a batch to fill
  /// A text that would wait longer, as things are, is refused. 0: only max_queued_texts counts.
  std::chrono::milliseconds max_wait{1000};
};

/// The texts of one request. What is computed of it is written here; `done` is called once, by a worker or by `defer`'s
/// thread, when all texts are, or with what went wrong.
struct ScheduledTexts {
  PreparedTexts prepared;            ///< all texts
  std::vector<InputText> texts;      ///< what `prepared` may refer to
  std::vector<float> probabilities;  ///< [texts, labels], as answers come
  std::vector<float> scope;          ///< [texts], of a bundle that tells what is out of scope
  std::string client;                ///< who takes turns: an address or a key
  /// Returns false once the client has disconnected, so that the rest need not be computed. Empty: always true.
  std::function<bool()> is_wanted;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::function<void(const Result<void>&)> done;  ///< let go once it was called
  /// When they were queued, and when the first of them was taken from the queue: set by the scheduler.
  std::chrono::steady_clock::time_point submitted = {}, dequeued_at = {};
  /// Runs something on the thread that submits, when that has looked at what else has come; or empty. A single text is
  /// then computed there if nothing else has: sooner than a worker has woken.
  std::function<void(std::function<void()>)> defer;
  std::shared_ptr<const void> keep_alive;  ///< with `defer`: what keeps the scheduler alive

  size_t count() const { return prepared.count(); }
};

/// What a scheduler has done, for metrics. Counters only grow.
struct SchedulerCounts {
  uint64_t batches = 0, texts = 0;
  uint64_t tokens = 0;   ///< by Scorer::Cost
  uint64_t refused = 0;  ///< texts for which there was no room
  uint64_t dropped = 0;  ///< texts whose client had gone, or whose time was over
  size_t queued = 0;     ///< texts that wait now
};

/// Thread-safe. Its threads start with the first request. Destroying it computes what is queued first; that must not
/// happen on one of its own threads, which a `done` is called on (ModelLifetimes sees to it).
class Scheduler {
 public:
  /// `classifier` must outlive it, and was loaded with a pool of as many threads as there are workers.
  /// `metrics`, which may be null, is told of batches; it must outlive the scheduler too.
  Scheduler(const BundleClassifier& classifier, const SchedulerOptions& options, ServerMetrics* metrics = nullptr);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// Queues all of the request's texts, or none: false when there is no room for them. `texts` with none are done at
  /// once.
  bool Submit(std::shared_ptr<ScheduledTexts> texts);

  SchedulerCounts counts() const;
  /// How long a text that is queued now will wait, about: for Retry-After.
  std::chrono::milliseconds ExpectedWait() const;

 private:
  struct Request;
  struct Taken;
  struct Work;
  void RunWorker() EXCLUDES(mutex_);
  size_t BatchTokens() const REQUIRES(mutex_);
  size_t Ahead(const std::string& client) const REQUIRES(mutex_);
  std::chrono::milliseconds WaitOf(size_t texts) const REQUIRES(mutex_);
  void ComputeDeferred(const ScheduledTexts& texts) EXCLUDES(mutex_);
  Work TakeWork() REQUIRES(mutex_);
  void TakeBatch(Work& work) REQUIRES(mutex_);
  void Do(Work work) EXCLUDES(mutex_);
  void Compute(std::vector<Taken>& batch, PoolUse use) EXCLUDES(mutex_);

  const BundleClassifier& classifier_;
  const SchedulerOptions options_;
  ServerMetrics* const metrics_;

  mutable Mutex mutex_;
  ConditionVariable more_;
  /// The requests of each client that has texts in the queue.
  std::map<std::string, std::deque<std::shared_ptr<Request>>> clients_ GUARDED_BY(mutex_);
  std::deque<std::string> round_robin_ GUARDED_BY(mutex_);  // those clients, the next one first
  SchedulerCounts counts_ GUARDED_BY(mutex_);
  size_t queued_cost_ GUARDED_BY(mutex_) = 0;       // tokens that wait
  double seconds_per_text_ GUARDED_BY(mutex_) = 0;  // of one worker, as it has been lately
  bool deferred_ GUARDED_BY(mutex_) = false;        // `defer` may compute a single text soon; no worker was woken
  int computing_ GUARDED_BY(mutex_) = 0;            // threads
  size_t computing_texts_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_ GUARDED_BY(mutex_);
};

}  // namespace winnow
