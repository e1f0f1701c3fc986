#include "store/feedback_recorder.h"

#include <fmt/format.h>

#include "base/background_step.h"
#include "store/feedback_group.h"
#include "store/feedback_json.h"
#include "store/store_state.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kRecordsPerBatch = 500;
constexpr std::chrono::milliseconds kFirstPause(50);

}  // namespace

FeedbackRecorder::FeedbackRecorder(FeedbackRecorderOptions options, std::unique_ptr<Spool> spool)
    : options_(std::move(options)), spool_(std::move(spool)) {}

Result<std::unique_ptr<FeedbackRecorder>> FeedbackRecorder::Open(FeedbackRecorderOptions options) {
  std::unique_ptr<Spool> spool = TRY(Spool::Open(options.spool, options.spool_limits));
  std::unique_ptr<FeedbackRecorder> recorder(new FeedbackRecorder(std::move(options), std::move(spool)));
  Result<std::unique_ptr<Store>> store = recorder->options_.open(recorder->options_.store);
  if (!store && !IsOutage(store.error())) return std::unexpected(store.error());
  {
    const MutexLock lock(recorder->mutex_);
    if (store) recorder->store_ = *std::move(store);
    recorder->counts_.up = recorder->store_ != nullptr;
    recorder->direct_ = recorder->counts_.up && recorder->spool_->empty();
  }
  if (!store) recorder->Report("the store is down, feedback is kept in the spool: " + store.error().message);
  recorder->thread_ = std::thread([self = recorder.get()] { self->Deliver(); });
  return recorder;
}

FeedbackRecorder::~FeedbackRecorder() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
    const Clock::time_point until = Clock::now() + std::chrono::seconds(2);
    while (!ended_ && changed_.WaitUntil(mutex_, until)) continue;
    if (!ended_ && store_ != nullptr) store_->Shut();
  }
  thread_.join();
}

Result<FeedbackOutcome> FeedbackRecorder::Add(FeedbackEvent event) {
  if (event.idempotency_key.empty()) event.idempotency_key = RandomKey();
  event.created_at = OrNow(event.created_at);
  event.text = StorableText(event.text);  // the same from the spool
  TRY(CheckFeedback(event));
  std::shared_ptr<Store> store;
  {
    const MutexLock lock(mutex_);
    if (direct_) store = store_;
  }
  if (store != nullptr) {
    const Result<FeedbackStatus> added = store->AddFeedback(event, options_.patience);
    if (!added && !IsOutage(added.error())) return std::unexpected(added.error());
    if (added) {
      const MutexLock lock(mutex_);
      ++counts_.stored;
      return *added == FeedbackStatus::kStored ? FeedbackOutcome::kStored : FeedbackOutcome::kDuplicate;
    }
    SetUp(false, added.error().message);
  }
  const Result<void> spooled = spool_->Append(FeedbackLine(event));
  const MutexLock lock(mutex_);
  if (!spooled) ++counts_.refused;
  TRY(spooled);
  ++counts_.spooled;
  changed_.NotifyAll();
  return FeedbackOutcome::kSpooled;
}

std::shared_ptr<Store> FeedbackRecorder::store() const {
  const MutexLock lock(mutex_);
  return store_;
}

FeedbackRecorder::Counts FeedbackRecorder::counts() const {
  const MutexLock lock(mutex_);
  Counts counts = counts_;
  counts.spool_bytes = spool_->bytes();
  return counts;
}

Result<int64_t> FeedbackRecorder::Forget(const Tombstones& tombstones) const {
  return spool_->Forget([&](std::string_view record) {
    const Result<FeedbackEvent> event = ParseFeedbackLine(record);
    return event && tombstones.Cover(*event);
  });
}

bool FeedbackRecorder::WaitUntilDelivered(std::chrono::milliseconds longest) const {
  const Clock::time_point until = Clock::now() + longest;
  const MutexLock lock(mutex_);
  while (delivering_ || !spool_->empty()) {
    if (!changed_.WaitUntil(mutex_, until)) return !delivering_ && spool_->empty();
  }
  return true;
}

void FeedbackRecorder::Report(const std::string& line) const {
  if (options_.report) options_.report(line);
}

void FeedbackRecorder::SetUp(bool up, const std::string& why) {
  bool changed = false;
  {
    const MutexLock lock(mutex_);
    changed = counts_.up != up;
    counts_.up = up;
    if (!up) direct_ = false;
    changed_.NotifyAll();
  }
  if (!changed) return;
  Report(up ? "the store is available again; feedback in the spool is being delivered"
            : "the store is down, feedback is kept in the spool: " + why);
}

/// Returns false if the recorder ends.
bool FeedbackRecorder::Pause(std::chrono::milliseconds duration) {
  const Clock::time_point until = Clock::now() + duration;
  const MutexLock lock(mutex_);
  while (!ending_ && Clock::now() < until) changed_.WaitUntil(mutex_, until);
  return !ending_;
}

/// The thread that delivers. A segment that was read is kept until its records are in the store, so that an outage
/// divides the spool into no more segments than needed.
void FeedbackRecorder::Deliver() {
  std::unique_ptr<SpoolSegment> segment;
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    std::shared_ptr<Store> store;
    {
      const MutexLock lock(mutex_);
      delivering_ = segment != nullptr || !spool_->empty();
      if (segment == nullptr && spool_->empty() && store_ != nullptr && counts_.up) direct_ = true;
      changed_.NotifyAll();
      while (!ending_ && direct_ && spool_->empty()) changed_.Wait(mutex_);
      if (ending_) break;
      store = store_;
    }
    const auto deliver = [&]() -> Result<void> {
      if (store == nullptr) {
        store = TRY(options_.open(options_.store));
        const MutexLock lock(mutex_);
        store_ = store;
      }
      if (segment == nullptr) segment = TRY(spool_->Oldest());
      return segment != nullptr ? DeliverSegment(*store, *segment) : store->CheckWritable();
    };
    const Result<void> done = BackgroundStepResult("feedback", deliver);
    if (done) {
      segment = nullptr;
      pause = kFirstPause;
      SetUp(true, {});
      continue;
    }
    SetUp(false, done.error().message);
    if (!Pause(pause)) break;
    pause = std::min(2 * pause, options_.longest_pause);
  }
  const MutexLock lock(mutex_);
  ended_ = true;
  changed_.NotifyAll();
}

Result<void> FeedbackRecorder::DeliverSegment(Store& store, const SpoolSegment& segment) {
  const std::span<const std::string> records = segment.records;
  for (size_t begin = 0; begin < records.size(); begin += kRecordsPerBatch)
    TRY(DeliverRecords(store, records.subspan(begin, std::min(kRecordsPerBatch, records.size() - begin))));
  if (segment.damaged) {
    Report(fmt::format("{}: the file is damaged; what could be read is delivered, and the file is kept as *.damaged",
                       segment.path.string()));
  }
  return spool_->Remove(segment);
}

Result<void> FeedbackRecorder::DeliverRecords(Store& store, std::span<const std::string> records) {
  std::vector<FeedbackEvent> events;
  std::vector<const std::string*> lines;
  uint64_t rejected = 0;
  const auto reject = [&](const std::string& record, const Error& error) -> Result<void> {
    Report("the store refuses feedback from the spool, which is kept in rejected.jsonl: " + error.message);
    ++rejected;
    return spool_->Reject(record, error.message);
  };
  for (const std::string& record : records) {
    Result<FeedbackEvent> event = ParseFeedbackLine(record);
    if (!event) {
      TRY(reject(record, event.error()));
      continue;
    }
    events.push_back(*std::move(event));
    lines.push_back(&record);
  }
  const std::vector<Result<FeedbackStatus>> results = TRY(store.AddFeedbackBatch(events));
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) TRY(reject(*lines[i], results[i].error()));
  }
  const MutexLock lock(mutex_);
  counts_.delivered += records.size() - rejected;
  counts_.rejected += rejected;
  return {};
}

}  // namespace winnow
