#include "store/feedback_group.h"

#include <fmt/format.h>

#include "base/background_step.h"
#include "store/feedback_json.h"
#include "store/store_state.h"
#include "store/tombstones.h"

namespace winnow {
namespace {

constexpr size_t kMostPerTransaction = 1000;
constexpr size_t kMostWaiting = 100000;

/// In the transaction: the key is recorded with the event, so that neither is without the other.
SqlResult<Result<FeedbackStatus>> Insert(SqlConnection& connection, const TombstoneCheck& tombstones,
                                         const FeedbackEvent& given) {
  if (auto valid = CheckFeedback(given); !valid) return Result<FeedbackStatus>(std::unexpected(valid.error()));
  FeedbackEvent event = given;
  event.text = StorableText(event.text);  // so that the digest is that of the stored text
  // An event that was forgotten counts as stored already, so that whoever sends it again stops.
  if (TRY(tombstones.Covers(event))) return Result<FeedbackStatus>(FeedbackStatus::kDuplicate);
  const std::string digest = DigestOf(event);
  const std::string now = TimeText(StoreNow());
  const SqlRows key = TRY(connection.Run(
      "INSERT INTO idempotency_keys (key, digest, created_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
      {event.idempotency_key, digest, now}));
  if (key.affected == 0) {
    const SqlRows known =
        TRY(connection.Run("SELECT digest FROM idempotency_keys WHERE key = $1", {event.idempotency_key}));
    if (!known.rows.empty() && known.rows[0].Text(0) == digest)
      return Result<FeedbackStatus>(FeedbackStatus::kDuplicate);
    return Result<FeedbackStatus>(Fail(
        ErrorCode::kExists, fmt::format("the idempotency key '{}' was used for another event", event.idempotency_key),
        "use a new key for each event"));
  }
  TRY(connection.Run(
      "INSERT INTO spam_feedback (text, is_spam, label, feedback_type, message_id, user_id, model_version, score, source, "
      "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {event.text, Nullable(event.is_spam), Nullable(event.label), event.feedback_type, Nullable(event.message_id),
       Nullable(event.user_id), Nullable(event.model_version), Nullable(event.score), event.source,
       TimeText(OrNow(event.created_at))}));
  return Result<FeedbackStatus>(FeedbackStatus::kStored);
}

}  // namespace

Result<void> CheckFeedback(const FeedbackEvent& event) {
  TRY(CheckName(event.idempotency_key, "idempotency key"));
  TRY(CheckName(event.feedback_type, "feedback type"));
  TRY(CheckName(event.source, "source"));
  TRY(CheckFinite(event.score.value_or(0), "score"));
  TRY(CheckOptionalName(event.label, "label"));
  TRY(CheckOptionalName(event.message_id, "message id"));
  TRY(CheckOptionalName(event.user_id, "user id"));
  return CheckOptionalName(event.model_version, "model version");
}

Result<std::vector<Result<FeedbackStatus>>> WriteFeedback(SqlPool& pool, std::span<const FeedbackEvent> events) {
  std::vector<Result<FeedbackStatus>> results;
  const SqlResult<void> written = pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    results.clear();  // of an attempt that failed
    const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
    for (const FeedbackEvent& event : events) results.push_back(TRY(Insert(connection, tombstones, event)));
    return {};
  });
  if (written) return results;
  if (written.error().kind != SqlError::kInvalid) return std::unexpected(written.error().error);
  if (events.size() == 1) return std::vector<Result<FeedbackStatus>>{std::unexpected(written.error().error)};
  // One event that the database refuses must not refuse the others.
  results.clear();
  for (const FeedbackEvent& event : events)
    results.push_back(std::move(TRY(WriteFeedback(pool, std::span(&event, 1))).front()));
  return results;
}

FeedbackGroup::FeedbackGroup(SqlPool& pool) : pool_(pool), thread_([this] { Write(); }) {}

FeedbackGroup::~FeedbackGroup() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    arrived_.NotifyAll();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!ended_ && done_.WaitUntil(mutex_, until)) continue;
    if (!ended_) pool_.Shut();
  }
  thread_.join();
}

Result<FeedbackStatus> FeedbackGroup::Add(FeedbackEvent event, std::chrono::milliseconds patience) {
  TRY(CheckFeedback(event));
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto ticket = std::make_shared<Ticket>(Ticket{.event = std::move(event)});
  const MutexLock lock(mutex_);
  if (queue_.size() >= kMostWaiting)
    return Fail(ErrorCode::kNetwork, fmt::format("{}: too much feedback is waiting", pool_.address().name),
                "try again later; the database is slower than the feedback that comes");
  queue_.push_back(ticket);
  arrived_.NotifyOne();
  while (!ticket->done) {
    if (done_.WaitUntil(mutex_, until) || ticket->done) continue;
    return Fail(ErrorCode::kNetwork, fmt::format("{}: no answer within {} ms", pool_.address().name, patience.count()),
                "check that the database is running and not overloaded");
  }
  return ticket->result;
}

/// Callers whose events were just acknowledged often send the next at once. Without waiting for them the callers divide
/// into two groups whose transactions alternate, each with half of the events that one fsync could serve; so a
/// transaction begins when as many events have arrived as there were callers, or a quarter of the last duration has
/// passed. A single caller never waits.
void FeedbackGroup::Write() {
  using Clock = std::chrono::steady_clock;
  size_t callers = 1;
  Clock::time_point patience;
  while (true) {
    std::vector<std::shared_ptr<Ticket>> tickets;
    std::vector<FeedbackEvent> events;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty() && !ending_) arrived_.Wait(mutex_);
      while (queue_.size() < callers && !ending_ && arrived_.WaitUntil(mutex_, patience)) continue;
      if (queue_.empty()) break;
      while (!queue_.empty() && tickets.size() < kMostPerTransaction) {
        tickets.push_back(std::move(queue_.front()));
        queue_.pop_front();
        events.push_back(std::move(tickets.back()->event));
      }
    }
    const Clock::time_point begin = Clock::now();
    Result<std::vector<Result<FeedbackStatus>>> results =
        BackgroundStepResult("feedback", [&] { return WriteFeedback(pool_, events); });
    const Clock::time_point end = Clock::now();
    patience = end + (end - begin) / 4;
    const MutexLock lock(mutex_);
    callers = std::min(tickets.size() + queue_.size(), kMostPerTransaction);
    for (size_t i = 0; i < tickets.size(); ++i) {
      tickets[i]->result = results ? std::move((*results)[i]) : std::unexpected(results.error());
      tickets[i]->done = true;
    }
    done_.NotifyAll();
  }
  const MutexLock lock(mutex_);
  ended_ = true;
  done_.NotifyAll();
}

}  // namespace winnow
