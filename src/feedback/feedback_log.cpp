#include "feedback/feedback_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "feedback/verdict_samples.h"
#include "store/user_name.h"

namespace winnow {
namespace {

constexpr int kPage = 2000;
constexpr std::chrono::hours kTrustLifetime(1);  // feedback may also have been deleted
constexpr int kTrustShare = 20;                  // the share of the time that computing the trust takes at most
constexpr size_t kMostRecentKeys = 65536;

/// Transactions of several servers may become visible in another order than their ids, so the last ones are read again.
constexpr int64_t kOverlap = 1000;

/// Former versions have stored addresses of users as they were spelt.
void NormalizeUser(FeedbackEvent& event) {
  if (event.user_id) event.user_id = NormalUser(*event.user_id);
}

/// Fills in the text of a message from the history, if the event has none and the history knows it.
Result<void> FindText(Store& store, FeedbackEvent& event) {
  if (!event.text.empty() || !event.message_id) return {};
  const auto message = TRY(store.FindMessage(*event.message_id));
  if (message && !message->message.redacted) event.text = message->message.text;
  return {};
}

/// Passes the events after an id to `take`, and returns the last id.
Result<int64_t> ReadPages(Store& store, FeedbackFilter filter,
                          const std::function<Result<void>(std::vector<StoredFeedback>&)>& take) {
  filter.limit = kPage;
  while (true) {
    TRY(CheckInterrupted());
    std::vector<StoredFeedback> page = TRY(store.ListFeedback(filter));
    if (page.empty()) return filter.after_id;
    filter.after_id = page.back().id;
    TRY(take(page));
  }
}

}  // namespace

FeedbackSink SinkOf(std::shared_ptr<Store> store) {
  return {[store](FeedbackEvent event) -> Result<FeedbackOutcome> {
            const FeedbackStatus status = TRY(store->AddFeedback(std::move(event)));
            return status == FeedbackStatus::kStored ? FeedbackOutcome::kStored : FeedbackOutcome::kDuplicate;
          },
          [store] { return store; }};
}

FeedbackSink SinkOf(FeedbackRecorder& recorder) {
  return {[&recorder](FeedbackEvent event) { return recorder.Add(std::move(event)); },
          [&recorder] { return recorder.store(); }};
}

Result<void> CheckFeedbackEvent(const FeedbackEvent& event) {
  if (event.feedback_type.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the feedback has no feedback type",
                "specify user_rejection, user_confirmation, admin or forget");
  }
  if (IsOwnSource(event.source)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("feedback of the source '{}' is not accepted: Winnow does not learn from its own verdicts",
                            event.source),
                "specify the source user for a person, or the name of the program that has decided");
  }
  const bool forgets = event.feedback_type == kForgetFeedback;
  if (forgets && (event.label || event.is_spam)) {
    return Fail(ErrorCode::kInvalidArgument, "feedback of the type forget cannot have a label",
                "leave out the label; feedback of another type replaces what its user said before");
  }
  if (!forgets && !event.label && !event.is_spam)
    return Fail(ErrorCode::kInvalidArgument, "the feedback has neither a label nor is_spam", "specify one of them");
  const std::string_view opposite = event.is_spam.value_or(false) ? "ham" : "spam";
  if (event.is_spam && event.label == opposite) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("is_spam is {} and the label is '{}'", *event.is_spam, *event.label),
                "specify one of them");
  }
  if (event.text.empty() && !event.message_id) {
    return Fail(ErrorCode::kInvalidArgument, "the feedback has neither a text nor the id of a message",
                "specify one of them");
  }
  return {};
}

FeedbackLog::FeedbackLog(FeedbackSink sink, CampaignMemory* memory) : sink_(std::move(sink)), memory_(memory) {}

/// Fills in what the history knows about the message. While the store is down, feedback about an id is stored as it is;
/// ReadAllFeedback finds the text later.
Result<void> FeedbackLog::Complete(FeedbackEvent& event, std::string& sender) const {
  const std::shared_ptr<Store> store = sink_.lookups ? sink_.lookups() : sink_.store();
  if (!event.message_id || store == nullptr) return {};
  bool redacted = false;
  if (const std::optional<StoredMessage> known = TRY(store->FindMessage(*event.message_id))) {
    const MessageRecord& message = known->message;
    redacted = message.redacted;
    if (event.text.empty() && !redacted) event.text = message.text;
    if (!event.model_version) event.model_version = message.model_version;
    if (!event.score) event.score = message.score;
    sender = message.sender.value_or("");
  }
  if (!event.text.empty()) return {};
  for (const StoredFeedback& earlier : TRY(store->ListFeedback({.message_id = event.message_id, .limit = 1000}))) {
    if (!earlier.event.text.empty()) event.text = earlier.event.text;
  }
  if (!event.text.empty() || event.feedback_type == kForgetFeedback) return {};
  if (redacted) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: only the redacted text of the message '{}' is known", store->name(), *event.message_id),
        "specify the text of the message, too");
  }
  return Fail(ErrorCode::kNotFound,
              fmt::format("{}: no message and no feedback has the id '{}'", store->name(), *event.message_id),
              "specify the text of the message, too");
}

StoreTime FeedbackLog::TimeFor(const FeedbackEvent& event) {
  const MutexLock lock(mutex_);
  if (const auto known = times_.find(event.idempotency_key); known != times_.end()) return known->second;
  StoreTime time = event.created_at;
  if (time == StoreTime()) {
    time = std::max(StoreNow(), last_time_ + std::chrono::milliseconds(1));
    last_time_ = time;
  }
  times_.emplace(event.idempotency_key, time);
  recent_.push_back(event.idempotency_key);
  if (recent_.size() > kMostRecentKeys) {
    times_.erase(recent_.front());
    recent_.pop_front();
  }
  return time;
}

Result<FeedbackOutcome> FeedbackLog::Add(FeedbackEvent event) {
  TRY(CheckFeedbackEvent(event));
  if (event.idempotency_key.empty()) event.idempotency_key = RandomKey();
  const FeedbackEvent sent = event;
  std::string sender;
  // A store that fails here may take the event into its spool.
  if (Result<void> completed = Complete(event, sender); !completed) {
    if (!IsOutage(completed.error())) return std::unexpected(completed.error());
    event = sent;
  }
  event.created_at = TimeFor(event);
  if (IsForgotten(event)) return FeedbackOutcome::kDuplicate;
  const FeedbackOutcome outcome = TRY(sink_.write(event));
  if (memory_ != nullptr && outcome != FeedbackOutcome::kDuplicate) memory_->Learn(event, sender);
  return outcome;
}

void FeedbackLog::SetForgotten(std::shared_ptr<const Tombstones> tombstones) {
  const MutexLock lock(mutex_);
  forgotten_ = std::move(tombstones);
}

bool FeedbackLog::IsForgotten(const FeedbackEvent& event) {
  const MutexLock lock(mutex_);
  return forgotten_ != nullptr && forgotten_->Cover(event);
}

/// Has a memory learn events of the store. Returns the id of the last one.
Result<int64_t> FeedbackLog::Read(Store& store, FeedbackFilter filter, CampaignMemory& memory) {
  const StoreTime oldest = StoreNow() - memory.options().lifetime;
  const std::vector<CampaignUse> uses = TRY(store.ListCampaignUses(oldest));
  // An entry that was matched lately may have been learnt long ago.
  if (uses.empty()) filter.since = oldest;
  const int64_t last =
      TRY(ReadPages(store, filter, [&](std::vector<StoredFeedback>& page) REQUIRES(catching_up_) -> Result<void> {
        for (StoredFeedback& stored : page) {
          NormalizeUser(stored.event);
          if (learnt_.insert(stored.id).second) memory.Learn(stored.event);
        }
        learnt_.erase(learnt_.begin(), learnt_.lower_bound(*learnt_.rbegin() - kOverlap));
        return {};
      }));
  for (const CampaignUse& use : uses) memory.Restore(use);
  return last;
}

Result<void> FeedbackLog::Relearn() {
  const std::shared_ptr<Store> store = sink_.store();
  if (memory_ == nullptr || store == nullptr) return {};
  const MutexLock lock(catching_up_);
  trust_basis_.reset();  // the trust is to be computed without what was forgotten
  trust_reading_.reset();
  if (memory_->size() == 0) return {};
  const std::unique_ptr<CampaignMemory> fresh = memory_->Fresh();
  learnt_.clear();
  const Result<int64_t> read = Read(*store, {}, *fresh);
  if (!read) {
    learnt_.clear();  // the memory that has learnt them is given up
    return std::unexpected(read.error());
  }
  const int64_t last = *read;
  memory_->Replace(*fresh);
  // Events that were added while the store was read are read now.
  last_id_ = std::max(last, TRY(Read(*store, {.after_id = std::max<int64_t>(0, last - kOverlap)}, *memory_)));
  return {};
}

Result<void> FeedbackLog::CatchUp() {
  const std::shared_ptr<Store> store = sink_.store();
  if (memory_ == nullptr || store == nullptr) return {};
  const MutexLock lock(catching_up_);
  const bool first = last_id_ == 0;
  const int64_t last = TRY(Read(*store, {.after_id = std::max<int64_t>(0, last_id_ - kOverlap)}, *memory_));
  last_id_ = std::max(last_id_, last);
  if (!first) TRY(store->RecordCampaignUses(memory_->TakeUses()));
  memory_->DropExpired(StoreNow());
  return {};
}

Result<void> FeedbackLog::ReadForTrust(Store& store) {
  TrustReading& reading = *trust_reading_;
  for (auto waiting = reading.textless.begin(); waiting != reading.textless.end();) {
    auto& [number, event] = *waiting;
    TRY(FindText(store, event));
    if (event.text.empty()) {
      ++waiting;
      continue;
    }
    reading.state.Replace(number, event);
    waiting = reading.textless.erase(waiting);
  }
  const FeedbackFilter after{.after_id = std::max<int64_t>(0, reading.last_id - kOverlap)};
  TRY(ReadPages(store, after, [&](std::vector<StoredFeedback>& page) -> Result<void> {
    if (stopped_) return Fail(ErrorCode::kCancelled, "stopped");
    for (StoredFeedback& stored : page) {
      if (reading.taken.contains(stored.id)) continue;
      FeedbackEvent& event = stored.event;
      NormalizeUser(event);
      TRY(FindText(store, event));
      reading.taken.insert(stored.id);
      const size_t number = reading.state.Add(event);
      if (event.text.empty() && event.message_id) reading.textless.emplace_back(number, std::move(event));
    }
    reading.last_id = std::max(reading.last_id, page.back().id);
    reading.taken.erase(reading.taken.begin(), reading.taken.lower_bound(reading.last_id - kOverlap));
    return {};
  }));
  return {};
}

Result<void> FeedbackLog::UpdateTrust() {
  const std::shared_ptr<Store> store = sink_.store();
  if (memory_ == nullptr || store == nullptr || stopped_) return {};
  const MutexLock lock(catching_up_);
  const auto now = std::chrono::steady_clock::now();
  if (trust_basis_ && now < next_trust_) return {};
  TrustBasis basis{.last_id = last_id_, .labels = TRY(ReadVerdictLabels(*store)), .at = now};
  const bool known = trust_basis_ && trust_basis_->last_id == basis.last_id && trust_basis_->labels == basis.labels;
  if (known && now - trust_basis_->at < kTrustLifetime) return {};
  if (trust_reading_ == nullptr || now - trust_reading_->begun >= kTrustLifetime)
    trust_reading_ = std::make_unique<TrustReading>();
  TRY(ReadForTrust(*store));
  const std::optional<TrustTable> trust =
      trust_reading_->state.Compute(basis.labels, [this] { return !stopped_.load(); });
  if (!trust) return {};
  memory_->SetTrustedUsers(trust->TrustedUsers());
  trust_basis_ = std::move(basis);
  const auto end = std::chrono::steady_clock::now();
  next_trust_ = end - now > std::chrono::seconds(1) ? end + (end - now) * (kTrustShare - 1) : end;
  return {};
}

Result<std::vector<FeedbackEvent>> ReadAllFeedback(Store& store, const std::function<void(int64_t)>& advance) {
  std::vector<FeedbackEvent> events;
  TRY(ReadPages(store, {}, [&](std::vector<StoredFeedback>& page) -> Result<void> {
    for (StoredFeedback& stored : page) {
      FeedbackEvent& event = stored.event;
      NormalizeUser(event);
      TRY(FindText(store, event));
      events.push_back(std::move(event));
    }
    if (advance) advance(static_cast<int64_t>(page.size()));
    return {};
  }));
  return events;
}

}  // namespace winnow
