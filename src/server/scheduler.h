/// Computation of the texts of many requests together: one queue per model, one worker per core.
///
/// Requests are prepared on the threads where they arrive (Scorer::Prepare), so that tokens are queued if the model has
/// tokens. An idle worker takes the queued texts at once, up to `max_batch_tokens`; it waits only if `max_batch_delay`
/// says so. So the load determines the size of batches: a single request on an idle server is computed alone and at
/// once, a thousand waiting ones share passes.
///
/// A worker that is the only busy one uses the model's other threads for its batch, so that a single request on an idle
/// server is computed by all cores. As soon as there is more to do, each worker computes by itself, which has a higher
/// throughput.
///
/// If few texts are queued, batches are smaller, so that all workers finish at about the same time.
///
/// A batch contains either texts to classify or texts to embed, and texts either of clients that have much in the queue
/// or of those that have little. While all workers compute large batches, one more thread computes short texts of
/// clients that have just come, in small batches. The system lets it interrupt the workers, so that such a text does
/// not wait for the end of a batch.
///
/// Clients take turns by tokens: the next text is that of the client of which fewest tokens were taken since it came
/// (start-time fair queueing; Goyal, Vin and Cheng, 1996). The requests of one client take turns by texts. A client
/// that sends a single text therefore waits for a batch or two, not for the ten thousand or the long texts of another
/// one.
///
/// Predictions do not depend on load or batch: with INT8 weights and with linear models the numbers of a text are equal
/// in any batch (classify/bundle_classifier.h); with float weights they agree except for rounding.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "server/metrics.h"

namespace winnow {

struct SchedulerOptions {
  int workers = 0;                 ///< number of workers; 0: UnthrottledCores()
  size_t max_batch_tokens = 2048;  ///< maximum number of tokens of a batch; a text that has more is computed alone
  /// Maximum number of queued texts. Further ones are refused at once, except those of clients that have few texts in
  /// the queue: each client may have half an equal share of the queue, whatever others have in it.
  size_t max_queued_texts = 8192;
  std::chrono::microseconds max_batch_delay{0};  ///< maximum time that a worker waits for a batch to fill
  /// Expected waiting time above which texts are refused. 0: only max_queued_texts counts.
  std::chrono::milliseconds max_wait{1000};
  /// Clock by which the duration of computations is measured; tests have their own.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// The texts of one request, and their results. `done` is called once, by a worker or by the thread of `defer`, when
/// all texts have been computed or an error has occurred.
struct ScheduledTexts {
  PreparedTexts prepared;            ///< all texts of the request
  std::vector<InputText> texts;      ///< the texts that `prepared` may refer to
  std::vector<float> probabilities;  ///< [texts, labels] probabilities, filled in as texts are computed
  std::vector<float> scope;          ///< [texts] out-of-scope scores, for a bundle with a rule for them
  /// True if embeddings are computed in place of probabilities; then each text is one window, and `embeddings` becomes
  /// what Scorer::Embed computes.
  bool embed = false;
  std::vector<float> embeddings = {};  ///< [texts, embedding_size()] filled in as texts are computed
  std::string client;                  ///< name of the client for taking turns: an address or a key
  /// Returns false once the client has disconnected, so that the remaining texts need not be computed. Empty: always
  /// true.
  std::function<bool()> is_wanted;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::function<void(const Result<void>&)> done;  ///< called once, then released
  /// Time at which the texts were queued, and at which the first of them was taken from the queue; set by the
  /// scheduler.
  std::chrono::steady_clock::time_point submitted = {}, dequeued_at = {};
  /// Runs a function on the submitting thread after the other requests that have arrived there; or empty. A single text
  /// is then computed on that thread if no other request has arrived, which is faster than waking a worker.
  std::function<void(std::function<void()>)> defer;
  std::shared_ptr<const void> keep_alive;  ///< object that keeps the scheduler alive, with `defer`

  size_t count() const { return prepared.count(); }
};

/// Counters of a scheduler, for metrics. They only grow, except `queued`.
struct SchedulerCounts {
  uint64_t batches = 0, texts = 0;
  uint64_t tokens = 0;   ///< total cost by Scorer::Cost
  uint64_t refused = 0;  ///< number of texts that were refused because the queue was full
  /// Number of texts that were not computed because the client had disconnected or the deadline had passed.
  uint64_t dropped = 0;
  size_t queued = 0;  ///< number of texts that are in the queue now
};

/// A queue with workers. Thread-safe. Threads start at once. Destruction computes the queued texts
/// first; it must not happen on a thread of the scheduler, on which `done` functions are called (ModelLifetimes takes
/// care of this).
class Scheduler {
 public:
  /// Creates a scheduler. `classifier` must outlive it, and must have been loaded with a pool of as many threads as
  /// there are workers. `metrics`, which may be null, receives the batches; it must outlive the scheduler too.
  Scheduler(const BundleClassifier& classifier, const SchedulerOptions& options, ServerMetrics* metrics = nullptr);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// Queues all texts of the request, or none: returns false if there is no room for all of them. A request without
  /// texts is completed at once.
  bool Submit(std::shared_ptr<ScheduledTexts> texts);

  SchedulerCounts counts() const;
  /// Returns the approximate time that a text queued now will wait, for Retry-After.
  std::chrono::milliseconds ExpectedWait() const;

 private:
  struct Request;
  struct Taken;
  /// The requests of a client that have texts in the queue.
  struct Client {
    std::deque<std::shared_ptr<Request>> requests;
    size_t texts = 0, tokens = 0;  // in the queue
    double served = 0;             // tokens that were taken, counted from where the others were when the client came
  };
  struct Work;
  void RunWorker() EXCLUDES(mutex_);
  void RunShortTexts() EXCLUDES(mutex_);
  bool StartWorkers() REQUIRES(mutex_);
  size_t BatchTokens() const REQUIRES(mutex_);
  size_t TokensAhead(const std::string& client) const REQUIRES(mutex_);
  bool IsFull(const std::string& client, size_t count) const REQUIRES(mutex_);
  bool AllComputeMuch() const REQUIRES(mutex_);
  bool IsUrgent() const REQUIRES(mutex_);
  std::chrono::milliseconds WaitOf(size_t tokens) const REQUIRES(mutex_);
  void ComputeDeferred(const ScheduledTexts& texts) EXCLUDES(mutex_);
  Work TakeWork() REQUIRES(mutex_);
  bool TakeText(Work& work, size_t most_tokens) REQUIRES(mutex_);
  void Do(Work work) EXCLUDES(mutex_);
  void Compute(Work& work) EXCLUDES(mutex_);
  struct Rows;
  Result<void> ComputeRows(const Work& work, Rows& rows) const EXCLUDES(mutex_);

  const BundleClassifier& classifier_;
  const SchedulerOptions options_;
  ServerMetrics* const metrics_;

  mutable Mutex mutex_;
  ConditionVariable more_, urgent_;
  std::map<std::string, Client> clients_ GUARDED_BY(mutex_);           // with texts in the queue
  std::set<std::pair<double, std::string>> turns_ GUARDED_BY(mutex_);  // those clients by Client::served
  double now_ GUARDED_BY(mutex_) = 0;  // Client::served of the client that was served last
  SchedulerCounts counts_ GUARDED_BY(mutex_);
  size_t queued_cost_ GUARDED_BY(mutex_) = 0;        // tokens that wait
  double seconds_per_token_ GUARDED_BY(mutex_) = 0;  // of one worker, as it has been lately
  bool deferred_ GUARDED_BY(mutex_) = false;         // `defer` may compute a single text soon; no worker was woken
  size_t computing_ GUARDED_BY(mutex_) = 0;          // threads
  size_t computing_tokens_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_ GUARDED_BY(mutex_);
  std::thread short_texts_ GUARDED_BY(mutex_);
};

}  // namespace winnow
