#include "server/scheduler.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/stopwatch.h"
#include "base/threads.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kShortTokens = 128;   // of a text that is computed while all workers have larger batches
constexpr size_t kLittleTokens = 512;  // of a client, in the queue

/// Logs why texts got no predictions, once per minute at most: without memory, that may be the case for every batch.
void LogFailure(std::string_view why) {
  constexpr int64_t kNever = INT64_MIN;
  static std::atomic<int64_t> last = kNever;
  const int64_t minute = std::chrono::floor<std::chrono::minutes>(Clock::now().time_since_epoch()).count();
  if (last.exchange(minute) == minute) return;
  try {
    LogError("texts could not be classified: {}", why);
  } catch (const std::bad_alloc&) {  // the next minute may have memory for it
  }
}

}  // namespace

struct Scheduler::Request {
  const Scorer& scorer;
  std::shared_ptr<ScheduledTexts> texts;
  size_t next = 0;               // text to take; guarded by the scheduler's mutex
  std::atomic<size_t> left = 0;  // texts that are not computed
  std::atomic<bool> ended = false;

  size_t CostOf(size_t text) const { return scorer.Cost(texts->prepared, text); }
  size_t Cost(size_t begin) const {
    size_t cost = 0;
    for (size_t text = begin; text < texts->count(); ++text) cost += CostOf(text);
    return cost;
  }
  bool IsWanted() const { return Clock::now() < texts->deadline && (!texts->is_wanted || texts->is_wanted()); }
  /// What `done` holds goes with it: the model that this scheduler belongs to, often.
  void End(const Result<void>& result) {
    if (ended.exchange(true)) return;
    try {
      std::exchange(texts->done, {})(result);
    } catch (const std::exception& e) {  // memory that ran out while the response was written
      LogError("a response could not be written: {}", e.what());
    }
  }
};

struct Scheduler::Taken {
  std::shared_ptr<Request> request;
  size_t text = 0;
};

/// The next work of a thread.
struct Scheduler::Work {
  std::vector<Taken> batch;
  size_t tokens = 0;                              // of the batch
  bool bulk = false;                              // of clients that have much in the queue
  std::vector<std::shared_ptr<Request>> dropped;  // requests that nobody waits for any more
  PoolUse use = PoolUse::kNone;

  bool empty() const { return batch.empty() && dropped.empty(); }
  bool embeds() const { return batch.front().request->texts->embed; }
};

Scheduler::Scheduler(const BundleClassifier& classifier, const SchedulerOptions& options, ServerMetrics* metrics)
    : classifier_(classifier), options_(options), metrics_(metrics) {
  const MutexLock lock(mutex_);
  StartWorkers();
}

Scheduler::~Scheduler() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  more_.NotifyAll();
  urgent_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
  if (short_texts_.joinable()) short_texts_.join();
}

bool Scheduler::Submit(std::shared_ptr<ScheduledTexts> texts) {
  texts->submitted = texts->dequeued_at = Clock::now();
  const size_t count = texts->count();
  if (texts->embed) {
    texts->embeddings.resize(count * classifier_.scorer().embedding_size());
  } else {
    texts->probabilities.resize(count * classifier_.labels().size());
    if (classifier_.scope_rule() != nullptr) texts->scope.resize(count);
  }
  if (count == 0) {
    std::exchange(texts->done, {})({});
    return true;
  }
  auto request = std::make_shared<Request>(classifier_.scorer(), texts);
  request->left = count;
  const size_t cost = request->Cost(0);
  bool defer = false, urgent = false;
  {
    const MutexLock lock(mutex_);
    const std::string& client = texts->client;
    const bool urgent_soon = count == 1 && cost <= kShortTokens && !clients_.contains(client) && AllComputeMuch();
    const size_t ahead = TokensAhead(client) + (urgent_soon ? 0 : computing_tokens_);
    const bool late = options_.max_wait.count() > 0 && WaitOf(ahead) > options_.max_wait;
    if (IsFull(client, count) || late) {
      counts_.refused += count;
      return false;
    }
    if (!StartWorkers()) return false;
    const auto [found, is_new] = clients_.try_emplace(client);
    try {
      found->second.requests.push_back(std::move(request));
      if (is_new) turns_.insert({now_, client});
    } catch (const std::bad_alloc&) {
      if (is_new) clients_.erase(found);  // a client in the queue always has a turn
      throw;
    }
    if (is_new) found->second.served = now_;
    counts_.queued += count;
    queued_cost_ += cost;
    found->second.texts += count;
    found->second.tokens += cost;
    urgent = IsUrgent();
    defer =
        texts->defer && count == 1 && counts_.queued == 1 && computing_ == 0 && options_.max_batch_delay.count() == 0;
    deferred_ = deferred_ || defer;
  }
  if (defer) {
    ComputeDeferred(*texts);
  } else if (count > 1) {
    more_.NotifyAll();
  } else {
    more_.NotifyOne();
  }
  if (urgent) urgent_.NotifyOne();
  return true;
}

/// Starts the workers, if they have not been started. False if the system gives no thread.
bool Scheduler::StartWorkers() {
  if (!workers_.empty()) return true;
  const int workers = options_.workers > 0 ? options_.workers : UnthrottledCores();
  try {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { RunWorker(); });
    short_texts_ = std::thread([this] { RunShortTexts(); });
  } catch (const std::system_error& e) {
    LogFailure(e.what());
  }
  return !workers_.empty();
}

/// Returns true if so many further texts of the client have no room. A request larger than the whole queue is let in
/// when nothing waits: it could never be answered otherwise.
bool Scheduler::IsFull(const std::string& client, size_t count) const {
  if (counts_.queued == 0 || counts_.queued + count <= options_.max_queued_texts) return false;
  const auto found = clients_.find(client);
  const size_t own = found == clients_.end() ? 0 : found->second.texts;
  return own + count > options_.max_queued_texts / (2 * (clients_.size() + 1));
}

/// Returns true if all workers compute large batches.
bool Scheduler::AllComputeMuch() const {
  return computing_ >= workers_.size() && computing_tokens_ >= computing_ * 2 * kShortTokens;
}

/// Returns true if the next text is short and of a client that has just come, and would have to wait for a large batch.
bool Scheduler::IsUrgent() const {
  if (turns_.empty() || !AllComputeMuch()) return false;
  const auto& [served, client] = *turns_.begin();
  const Request& request = *clients_.at(client).requests.front();
  return served <= now_ && request.CostOf(request.next) <= kShortTokens;
}

/// Returns about how many tokens are computed before a new text of this client.
size_t Scheduler::TokensAhead(const std::string& client) const {
  if (counts_.queued == 0) return 0;
  const auto found = clients_.find(client);
  const size_t own = found == clients_.end() ? 1 : found->second.requests.size();
  const size_t texts = std::min(counts_.queued, own * clients_.size());
  return queued_cost_ * texts / counts_.queued;
}

/// Returns how long all workers together take for that many tokens.
std::chrono::milliseconds Scheduler::WaitOf(size_t tokens) const {
  const double seconds =
      seconds_per_token_ * static_cast<double>(tokens) / static_cast<double>(std::max<size_t>(workers_.size(), 1));
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

void Scheduler::ComputeDeferred(const ScheduledTexts& texts) {
  // What is posted to a thread that ends is not run: then the workers have it.
  const std::shared_ptr<void> not_run(nullptr, [this, keep_alive = texts.keep_alive](void*) {
    {
      const MutexLock lock(mutex_);
      if (!std::exchange(deferred_, false)) return;  // it was run
    }
    more_.NotifyAll();
  });
  texts.defer([this, not_run] {
    Work work;
    bool left_to_workers = false;
    {
      const MutexLock lock(mutex_);
      deferred_ = false;
      if (computing_ == 0 && counts_.queued == 1) {
        work = TakeWork();
      } else {
        left_to_workers = !turns_.empty();
      }
    }
    if (left_to_workers) more_.NotifyAll();
    Do(std::move(work));
  });
}

SchedulerCounts Scheduler::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

std::chrono::milliseconds Scheduler::ExpectedWait() const {
  const MutexLock lock(mutex_);
  return WaitOf(queued_cost_);
}

/// Returns how many tokens a worker takes at once.
size_t Scheduler::BatchTokens() const {
  constexpr size_t kWorthwhile = 512;  // computed as fast, a text, as more
  const size_t share = queued_cost_ / (2 * std::max<size_t>(workers_.size(), 1));
  return std::min(options_.max_batch_tokens, std::max(share, kWorthwhile));
}

/// Takes the next text into the batch, or drops its request if nobody waits for it any more. False: there is none, or
/// the batch would have more than `most_tokens`. If there is no memory (std::bad_alloc), nothing has changed.
bool Scheduler::TakeText(Work& work, size_t most_tokens) {
  if (turns_.empty()) return false;
  const auto found = clients_.find(turns_.begin()->second);
  Client& client = found->second;
  const std::shared_ptr<Request> request = client.requests.front();
  const size_t count = request->texts->count();
  bool used_up = false;
  size_t taken = 0;
  if (request->next == 0 || request->next % 64 == 0) used_up = !request->IsWanted();
  // What needs memory comes first.
  if (used_up) work.dropped.reserve(work.dropped.size() + 1);
  if (work.batch.size() == work.batch.capacity()) work.batch.reserve(2 * work.batch.size() + 8);
  client.requests.push_back(request);
  if (used_up) {
    const size_t left = count - request->next, cost = request->Cost(request->next);
    counts_.queued -= left;
    counts_.dropped += left;
    client.texts -= left;
    client.tokens -= cost;
    queued_cost_ -= cost;
    work.dropped.push_back(request);
  } else {
    taken = request->CostOf(request->next);
    const bool bulk = client.tokens > kLittleTokens;
    if (work.batch.empty()) work.bulk = bulk;
    const bool other = bulk != work.bulk || (!work.batch.empty() && request->texts->embed != work.embeds());
    if (!work.batch.empty() && (work.tokens + taken > most_tokens || other)) {
      client.requests.pop_back();
      return false;
    }
    work.batch.push_back({request, request->next++});
    work.tokens += taken;
    --counts_.queued;
    --client.texts;
    client.tokens -= taken;
    queued_cost_ -= taken;
    used_up = request->next == count;
  }
  // The next client's turn, and the next request's of this one.
  auto turn = turns_.extract(turns_.begin());
  now_ = std::max(now_, client.served);
  client.requests.pop_front();
  if (used_up) client.requests.pop_back();
  if (client.requests.empty()) {
    clients_.erase(found);
  } else {
    client.served += static_cast<double>(std::max<size_t>(taken, 1));
    turn.value().first = client.served;
    turns_.insert(std::move(turn));
  }
  return true;
}

Scheduler::Work Scheduler::TakeWork() {
  Work work;
  try {
    const size_t most = BatchTokens();
    while (TakeText(work, most)) {
    }
  } catch (const std::bad_alloc&) {  // what has been taken is computed; the rest waits for memory
  }
  if (work.empty()) return work;
  if (computing_ == 0 && turns_.empty()) work.use = PoolUse::kIfFree;
  ++computing_;
  computing_tokens_ += work.tokens;
  return work;
}

/// Computes short texts while all workers are busy with more.
void Scheduler::RunShortTexts() {
  NameThread("winnow-short");
  SetThreadUrgency(ThreadUrgency::kPrompt);
  for (;;) {
    Work work;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !IsUrgent()) urgent_.Wait(mutex_);
      if (stopping_) return;  // the workers do the rest
      try {
        while (IsUrgent() && TakeText(work, kShortTokens)) {
        }
      } catch (const std::bad_alloc&) {  // likewise
      }
      if (!work.empty()) ++computing_;
      computing_tokens_ += work.tokens;
    }
    Do(std::move(work));
  }
}

void Scheduler::RunWorker() {
  NameThread("winnow-compute");
  SetThreadUrgency(ThreadUrgency::kNormal);
  for (;;) {
    Work work;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && (turns_.empty() || (deferred_ && counts_.queued == 1))) more_.Wait(mutex_);
      if (turns_.empty()) return;  // stopping, and all is done
      if (options_.max_batch_delay.count() > 0 && !stopping_) {
        more_.WaitUntil(mutex_, Clock::now() + options_.max_batch_delay);
      }
      work = TakeWork();
      if (IsUrgent()) urgent_.NotifyOne();
    }
    Do(std::move(work));
  }
}

void Scheduler::Do(Work work) {
  if (work.empty()) return;
  const Clock::time_point begin = options_.now(), dequeued_at = Clock::now();
  const size_t tokens = work.tokens;
  for (const Taken& taken : work.batch) {
    if (taken.text == 0) taken.request->texts->dequeued_at = dequeued_at;
  }
  try {
    for (const auto& request : work.dropped) {
      request->End(Fail(ErrorCode::kCancelled,
                        "the request was not processed: its timeout expired, or its client disconnected"));
    }
    if (!work.batch.empty()) Compute(work);
  } catch (const std::exception& e) {  // requests that end without a response get status 500
    LogFailure(e.what());
  }
  const double seconds = std::chrono::duration<double>(options_.now() - begin).count();
  // Not kept until there is more to do.
  work.batch.clear();
  work.dropped.clear();
  const MutexLock lock(mutex_);
  --computing_;
  computing_tokens_ -= tokens;
  if (tokens == 0) return;
  constexpr double kKept = 0.9;
  const double each = seconds / static_cast<double>(tokens);
  seconds_per_token_ = seconds_per_token_ == 0 ? each : kKept * seconds_per_token_ + (1 - kKept) * each;
}

/// The results of a batch, one row per text.
struct Scheduler::Rows {
  size_t width = 0;
  std::vector<float> values;
  std::vector<float> scope;

  void CopyTo(size_t row, ScheduledTexts& texts, size_t text) const {
    std::vector<float>& to = texts.embed ? texts.embeddings : texts.probabilities;
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(row * width), width,
                to.begin() + static_cast<ptrdiff_t>(text * width));
    if (!scope.empty()) texts.scope[text] = scope[row];
  }
};

Result<void> Scheduler::ComputeRows(const Work& work, Rows& rows) const {
  const bool embeds = work.embeds();
  rows.width = embeds ? classifier_.scorer().embedding_size() : classifier_.labels().size();
  rows.values.resize(work.batch.size() * rows.width);
  rows.scope.resize(embeds || classifier_.scope_rule() == nullptr ? 0 : work.batch.size());
  PreparedTexts prepared;
  for (const Taken& taken : work.batch) prepared.AppendText(taken.request->texts->prepared, taken.text);
  if (embeds) return classifier_.scorer().Embed(prepared, rows.values, work.use);
  return classifier_.ProbabilitiesOf(prepared, rows.values, {}, rows.scope, work.use);
}

void Scheduler::Compute(Work& work) {
  const std::vector<Taken>& batch = work.batch;
  const Clock::time_point begin = Clock::now();
  Rows rows;
  Result<void> computed;
  try {
    computed = ComputeRows(work, rows);
  } catch (const std::exception& e) {
    LogFailure(e.what());
    computed = Fail(ErrorCode::kCancelled, "the server has no memory left for this request; try again later");
  }
  {
    const MutexLock lock(mutex_);
    ++counts_.batches;
    counts_.texts += batch.size();
    counts_.tokens += work.tokens;
  }
  if (metrics_ != nullptr) {
    metrics_->Batch(batch.size(), work.tokens, SecondsSince(begin));
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    Request& request = *batch[i].request;
    if (!computed) {
      request.End(std::unexpected(computed.error()));
    } else {
      rows.CopyTo(i, *request.texts, batch[i].text);
    }
    if (--request.left == 0) request.End({});
  }
}

}  // namespace winnow
