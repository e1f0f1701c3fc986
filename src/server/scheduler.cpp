#include "server/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/threads.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

struct Scheduler::Request {
  const Scorer& scorer;
  std::shared_ptr<ScheduledTexts> texts;
  size_t next = 0;               // text to take; only with the scheduler's lock
  std::atomic<size_t> left = 0;  // texts that are not computed
  std::atomic<bool> ended = false;

  size_t CostOf(size_t text) const { return scorer.Cost(texts->prepared, text); }
  size_t Cost(size_t begin) const {
    size_t cost = 0;
    for (size_t text = begin; text < texts->count(); ++text) cost += CostOf(text);
    return cost;
  }
  bool Wanted() const { return Clock::now() < texts->deadline && (!texts->wanted || texts->wanted()); }
  /// What `done` holds goes with it: the model that this scheduler belongs to, often.
  void End(const Result<void>& result) {
    if (!ended.exchange(true)) std::exchange(texts->done, {})(result);
  }
};

struct Scheduler::Taken {
  std::shared_ptr<Request> request;
  size_t text = 0;
};

Scheduler::Scheduler(const BundleClassifier& classifier, const SchedulerOptions& options, ServerMetrics* metrics)
    : classifier_(classifier), options_(options), metrics_(metrics) {}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  more_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool Scheduler::Submit(std::shared_ptr<ScheduledTexts> texts) {
  texts->submitted = texts->taken = Clock::now();
  const size_t count = texts->count();
  texts->probabilities.resize(count * classifier_.labels().size());
  if (classifier_.scope_rule() != nullptr) texts->scope.resize(count);
  if (count == 0) {
    std::exchange(texts->done, {})({});
    return true;
  }
  auto request = std::make_shared<Request>(classifier_.scorer(), texts);
  request->left = count;
  const size_t cost = request->Cost(0);
  bool later = false;
  {
    const std::lock_guard lock(mutex_);
    const std::string& client = texts->client;
    // A request larger than the whole queue is let in when nothing waits: it could never be answered else.
    const bool full = counts_.queued > 0 && counts_.queued + count > options_.max_queued_texts;
    const bool late = options_.max_wait.count() > 0 && WaitOf(Ahead(client) + computing_texts_) > options_.max_wait;
    if (full || late) {
      counts_.refused += count;
      return false;
    }
    if (workers_.empty()) {
      const int workers = options_.workers > 0 ? options_.workers : AvailableCores();
      for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
    }
    counts_.queued += count;
    queued_cost_ += cost;
    std::deque<std::shared_ptr<Request>>& queue = clients_[client];
    if (queue.empty()) turns_.push_back(client);
    queue.push_back(std::move(request));
    later =
        texts->later && count == 1 && counts_.queued == 1 && computing_ == 0 && options_.max_batch_delay.count() == 0;
    later_ = later_ || later;
  }
  if (later) {
    ComputeLater(*texts);
  } else if (count > 1) {
    more_.notify_all();
  } else {
    more_.notify_one();
  }
  return true;
}

/// With the lock held: texts that are taken before a new one of this client, at least.
size_t Scheduler::Ahead(const std::string& client) const {
  const auto found = clients_.find(client);
  const size_t own = found == clients_.end() ? 0 : found->second.size();
  return std::min(counts_.queued, own == 0 ? clients_.size() : own * clients_.size());
}

/// With the lock held: how long so many texts take all workers.
std::chrono::milliseconds Scheduler::WaitOf(size_t texts) const {
  const double seconds =
      seconds_a_text_ * static_cast<double>(texts) / static_cast<double>(std::max<size_t>(workers_.size(), 1));
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

void Scheduler::ComputeLater(const ScheduledTexts& texts) {
  // What is posted to a thread that ends is not run: then the workers have it.
  const std::shared_ptr<void> not_run(nullptr, [this, keeper = texts.keeper](void*) {
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(later_, false)) return;  // it was run
    }
    more_.notify_all();
  });
  texts.later([this, not_run] {
    std::unique_lock lock(mutex_);
    later_ = false;
    if (computing_ == 0 && counts_.queued == 1) return ComputeNext(lock);
    if (turns_.empty()) return;
    lock.unlock();
    more_.notify_all();
  });
}

SchedulerCounts Scheduler::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::chrono::milliseconds Scheduler::ExpectedWait() const {
  const std::lock_guard lock(mutex_);
  return WaitOf(counts_.queued);
}

/// With the lock held: what a worker takes at once.
size_t Scheduler::BatchTokens() const {
  constexpr size_t kWorthwhile = 512;  // computed as fast, a text, as more
  const size_t share = queued_cost_ / (2 * std::max<size_t>(workers_.size(), 1));
  return std::min(options_.max_batch_tokens, std::max(share, kWorthwhile));
}

/// With the lock held. Takes texts of the clients in turn; false when there are none. Requests that nobody waits for
/// any more go to `dropped`.
bool Scheduler::TakeBatch(std::vector<Taken>& batch, std::vector<std::shared_ptr<Request>>& dropped) {
  size_t cost = 0;
  const size_t most = BatchTokens();
  while (!turns_.empty()) {
    const auto found = clients_.find(turns_.front());
    std::deque<std::shared_ptr<Request>>& queue = found->second;
    const std::shared_ptr<Request> request = queue.front();
    const size_t count = request->texts->count();
    bool used_up = false;
    if (request->next == 0 || request->next % 64 == 0) used_up = !request->Wanted();
    if (used_up) {
      counts_.queued -= count - request->next;
      counts_.dropped += count - request->next;
      queued_cost_ -= request->Cost(request->next);
      dropped.push_back(request);
    } else {
      const size_t more = request->CostOf(request->next);
      if (!batch.empty() && cost + more > most) return true;
      batch.push_back({request, request->next++});
      cost += more;
      --counts_.queued;
      queued_cost_ -= more;
      used_up = request->next == count;
    }
    // The next client's turn, and the next request's of this one.
    std::string client = std::move(turns_.front());
    turns_.pop_front();
    queue.pop_front();
    if (!used_up) queue.push_back(request);
    if (queue.empty()) {
      clients_.erase(found);
    } else {
      turns_.push_back(std::move(client));
    }
  }
  return !batch.empty();
}

void Scheduler::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return stopping_ || (!turns_.empty() && !(later_ && counts_.queued == 1)); });
    if (turns_.empty()) return;  // stopping, and all is done
    if (options_.max_batch_delay.count() > 0 && !stopping_) more_.wait_for(lock, options_.max_batch_delay);
    ComputeNext(lock);
  }
}

void Scheduler::ComputeNext(std::unique_lock<std::mutex>& lock) {
  std::vector<Taken> batch;
  std::vector<std::shared_ptr<Request>> dropped;
  if (!TakeBatch(batch, dropped) && dropped.empty()) return;
  const PoolUse use = computing_ == 0 && turns_.empty() ? PoolUse::kIfFree : PoolUse::kNone;
  ++computing_;
  computing_texts_ += batch.size();
  lock.unlock();
  for (const auto& request : dropped) {
    request->End(
        Fail(ErrorCode::kCancelled, "the request was not computed: its time was over, or its client had gone"));
  }
  const Clock::time_point begin = Clock::now();
  const size_t texts = batch.size();
  for (const Taken& taken : batch) {
    if (taken.text == 0) taken.request->texts->taken = begin;
  }
  if (texts > 0) Compute(batch, use);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // Not kept until there is more to do.
  batch.clear();
  dropped.clear();
  lock.lock();
  --computing_;
  computing_texts_ -= texts;
  if (texts == 0) return;
  constexpr double kKept = 0.9;
  const double each = seconds / static_cast<double>(texts);
  seconds_a_text_ = seconds_a_text_ == 0 ? each : kKept * seconds_a_text_ + (1 - kKept) * each;
}

void Scheduler::Compute(std::vector<Taken>& batch, PoolUse use) {
  const Clock::time_point begin = Clock::now();
  const size_t labels = classifier_.labels().size();
  std::vector<float> probabilities(batch.size() * labels);
  std::vector<float> scope(classifier_.scope_rule() == nullptr ? 0 : batch.size());
  PreparedTexts prepared;
  for (const Taken& taken : batch) prepared.AppendText(taken.request->texts->prepared, taken.text);
  const Result<void> computed = classifier_.ProbabilitiesOf(prepared, probabilities, {}, scope, use);
  size_t tokens = 0;
  for (const Taken& taken : batch) tokens += taken.request->CostOf(taken.text);
  {
    const std::lock_guard lock(mutex_);
    ++counts_.batches;
    counts_.texts += batch.size();
    counts_.tokens += tokens;
  }
  if (metrics_ != nullptr) {
    metrics_->Batch(batch.size(), tokens, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    Request& request = *batch[i].request;
    if (!computed) {
      request.End(std::unexpected(computed.error()));
    } else {
      std::copy_n(probabilities.begin() + static_cast<ptrdiff_t>(i * labels), labels,
                  request.texts->probabilities.begin() + static_cast<ptrdiff_t>(batch[i].text * labels));
      if (!scope.empty()) request.texts->scope[batch[i].text] = scope[i];
    }
    if (--request.left == 0) request.End({});
  }
}

}  // namespace winnow
