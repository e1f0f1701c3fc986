#include "filter/history.h"

#include <algorithm>
#include <unordered_set>

#include "base/background_step.h"
#include "base/log.h"
#include "filter/sender.h"
#include "filter/spam_filter.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostPerBatch = 500;
constexpr std::chrono::milliseconds kGathering(100);  // messages of this time share a transaction, and so an fsync
constexpr std::chrono::milliseconds kPause(1000);     // after a failure
constexpr std::chrono::hours kBetweenDeletions(1);

}  // namespace

History::History(StoreSource store, const HistoryOptions& options)
    : store_(std::move(store)), options_(options), sampler_(StrataFor(options.audit_one_in)) {
  thread_ = std::thread([this] { Work(); });
}

History::~History() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void History::Add(MessageRecord record) {
  const auto shared = std::make_shared<const MessageRecord>(std::move(record));
  const MutexLock lock(mutex_);
  bytes_ += shared->text.size() + shared->symbols.size();
  recent_.push_back(shared);
  by_id_[shared->message_id] = shared;
  ++waiting_;
  while (recent_.size() > options_.most_recent || (bytes_ > options_.most_bytes && recent_.size() > 1)) DropOldest();
  changed_.NotifyAll();
}

void History::DropOldest() {
  const Shared oldest = recent_.front();
  recent_.pop_front();
  if (oldest != nullptr) {
    bytes_ -= oldest->text.size() + oldest->symbols.size();
    by_id_.erase(oldest->message_id);
  }
  if (waiting_ > recent_.size()) {  // it was one of those that wait
    waiting_ = recent_.size();
    if (being_written_ > 0) {
      --being_written_;  // its batch has it
    } else {
      ++counts_.lost;
    }
  }
}

std::optional<MessageRecord> History::Recent(std::string_view id) const {
  const MutexLock lock(mutex_);
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? std::nullopt : std::optional(*found->second);
}

void History::Forget(const Tombstones& tombstones) {
  std::vector<Shared> messages;
  {
    const MutexLock lock(mutex_);
    messages.assign(recent_.begin(), recent_.end());
  }
  // Verdicts do not wait for the digests.
  std::erase_if(messages, [&](const Shared& message) { return message == nullptr || !tombstones.Cover(*message); });
  const std::unordered_set<Shared> forgotten(messages.begin(), messages.end());
  const MutexLock lock(mutex_);
  for (Shared& message : recent_) {
    if (!forgotten.contains(message)) continue;
    bytes_ -= message->text.size() + message->symbols.size();
    by_id_.erase(message->message_id);
    message = nullptr;  // its place stays, since the places of those that wait are counted
  }
}

bool History::WaitUntilWritten(std::chrono::milliseconds longest) const {
  const MutexLock lock(mutex_);
  uint64_t written = counts_.written;
  Clock::time_point until = Clock::now() + longest;
  while (waiting_ > 0) {
    const bool in_time = changed_.WaitUntil(mutex_, until);
    if (counts_.written > written) {
      written = counts_.written;
      until = Clock::now() + longest;
    } else if (!in_time) {
      return waiting_ == 0;
    }
  }
  return true;
}

History::Counts History::counts() const {
  const MutexLock lock(mutex_);
  Counts counts = counts_;
  counts.waiting = waiting_;
  return counts;
}

Result<void> History::Write(const std::vector<Shared>& batch) {
  const std::shared_ptr<Store> store = store_();
  if (store == nullptr)
    return Fail(ErrorCode::kNetwork, "the store is not open",
                "check that the database is running; the server tries again by itself");
  std::vector<MessageRecord> records;
  records.reserve(batch.size());
  for (const Shared& message : batch) {
    if (message == nullptr) continue;
    MessageRecord& record = records.emplace_back(*message);
    std::string text = options_.redaction.any() ? Redact(record.text, options_.redaction) : record.text;
    record.redacted = text != record.text;
    record.text = std::move(text);
  }
  const Result<void> written = records.empty() ? Result<void>() : store->RecordMessages(records);
  if (written) return StoreDrawn(*store, records);
  if (IsOutage(written.error()) || records.size() == 1) return written;
  // A message that the store refuses must not take the others with it.
  for (const MessageRecord& record : records) {
    const Result<void> one = store->RecordMessages(std::span(&record, 1));
    if (!one && IsOutage(one.error())) return one;
    if (!one) LogWarning("a message is not in the history: {}", one.error().message);
    if (one) TRY(StoreDrawn(*store, std::span(&record, 1)));
  }
  return {};
}

Result<void> History::StoreDrawn(Store& store, std::span<const MessageRecord> records) const {
  for (const MessageRecord& record : records) {
    const std::optional<VerdictSample> drawn = sampler_.Draw(record);
    if (!drawn) continue;
    const Result<bool> added = store.AddVerdictSample(*drawn);
    if (!added && IsOutage(added.error())) return std::unexpected(added.error());
    if (!added) LogWarning("a drawn verdict is not stored: {}", added.error().message);
  }
  return {};
}

bool History::DeleteOld() {
  if (options_.retention.count() <= 0) return false;
  const std::shared_ptr<Store> store = store_();
  if (store == nullptr) return false;
  const Result<int64_t> deleted = store->DeleteMessagesBefore(StoreNow() - options_.retention);
  if (!deleted) LogWarning("old messages could not be deleted from the history: {}", deleted.error().message);
  return deleted && *deleted > 0;
}

void History::Work() {
  Clock::time_point deletion = Clock::now();
  std::string why;  // the store does not take messages; empty: it does
  std::vector<Shared> batch;
  batch.reserve(kMostPerBatch);
  while (true) {
    batch.clear();
    {
      const MutexLock lock(mutex_);
      while (!ending_ && waiting_ == 0 && Clock::now() < deletion) changed_.WaitUntil(mutex_, deletion);
      const Clock::time_point gathered = Clock::now() + kGathering;
      while (!ending_ && waiting_ < kMostPerBatch && Clock::now() < gathered) changed_.WaitUntil(mutex_, gathered);
      if (ending_ && waiting_ == 0) return;
      const size_t count = std::min(waiting_, kMostPerBatch);
      const auto first = recent_.end() - static_cast<std::ptrdiff_t>(waiting_);
      batch.assign(first, first + static_cast<std::ptrdiff_t>(count));
      being_written_ = count;
    }
    const Result<void> written =
        BackgroundStepResult("history", [&] { return batch.empty() ? Result<void>() : Write(batch); });
    const bool passing = !written && IsOutage(written.error());
    {
      const MutexLock lock(mutex_);
      counts_.failing = passing;
      if (passing && !ending_) {
        if (why.empty()) LogWarning("messages wait for the history: {}", written.error().message);
        why = written.error().message;
      }
      if (!passing) {
        if (!why.empty() && !ending_) LogInfo("messages are written to the history again");
        why.clear();
        waiting_ -= being_written_;
        (written ? counts_.written : counts_.lost) += batch.size();
        changed_.NotifyAll();
      } else {
        counts_.lost += batch.size() - being_written_;  // dropped from memory in the meantime
      }
      being_written_ = 0;
      if (passing && ending_) {
        // A store that is closed by then says nothing about what has kept it from taking them.
        LogWarning("{} messages are not in the history: {}", waiting_, why.empty() ? written.error().message : why);
        return;
      }
      const Clock::time_point until = Clock::now() + kPause;
      while (passing && !ending_ && Clock::now() < until) changed_.WaitUntil(mutex_, until);
    }
    // What waits is written in between.
    if (Clock::now() < deletion) continue;
    bool more = false;
    RunBackgroundStep("history", [&] { more = DeleteOld(); });
    if (!more) deletion = Clock::now() + kBetweenDeletions;
  }
}

MessageRecord RecordOf(const FilterMessage& message, const Verdict& verdict) {
  MessageRecord record;
  record.message_id = verdict.id;
  record.text = TextForModel(message, nullptr).joined();
  if (std::string sender = NormalSender(message.sender); !sender.empty()) record.sender = std::move(sender);
  if (!message.user.empty()) record.user_id = message.user;
  record.model_version = verdict.model_version;
  record.is_spam = verdict.is_spam;
  record.score = verdict.score;
  record.source = SourceName(verdict.source);
  record.symbols = SymbolsJson(verdict.symbols).dump();
  record.threshold = verdict.threshold;
  record.created_at = StoreNow();
  return record;
}

}  // namespace winnow
