#include "filter/sender_learner.h"

#include "base/background_step.h"
#include "base/json.h"
#include "base/log.h"

namespace winnow {
namespace {

constexpr std::chrono::milliseconds kPause(1000);

std::string LessonLine(const SenderLesson& lesson) {
  return Json({{"key", lesson.key},
               {"sender", lesson.sender},
               {"user", lesson.user},
               {"delta", lesson.delta},
               {"at", TimeText(lesson.at)}})
      .dump();
}

Result<SenderLesson> ParseLine(std::string_view line) {
  const Json json = TRY(ParseJson(line, "a change of a sender's score"));
  for (const char* const name : {"key", "sender", "user", "at"}) {
    if (!json[name].is_string()) return Fail(ErrorCode::kInvalidData, std::string("'") + name + "' is not a string");
  }
  if (!json["delta"].is_number()) return Fail(ErrorCode::kInvalidData, "'delta' is not a number");
  const std::optional<StoreTime> at = ParseTimeText(json["at"].str());
  if (!at) return Fail(ErrorCode::kInvalidData, "'at' is not a time");
  return SenderLesson{.key = json["key"].str(),
                      .sender = json["sender"].str(),
                      .user = json["user"].str(),
                      .delta = json["delta"].get<double>(),
                      .at = *at};
}

}  // namespace

SenderLearner::SenderLearner(History::StoreSource store, KnownStateCache& cache, std::unique_ptr<Spool> spool)
    : store_(std::move(store)), cache_(cache), spool_(std::move(spool)) {
  thread_ = std::thread([this] { Work(); });
}

SenderLearner::~SenderLearner() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

uint64_t SenderLearner::lost() const {
  const MutexLock lock(mutex_);
  return lost_;
}

Result<void> SenderLearner::Apply(const SenderLesson& lesson) {
  const std::shared_ptr<Store> store = store_();
  if (store == nullptr)
    return Fail(ErrorCode::kNetwork, "the store is not open",
                "check that the database is running; the server tries again by itself");
  TRY(store->ChangeReputation({.idempotency_key = lesson.key,
                               .key = {lesson.sender, std::string(kScoreKind), lesson.user},
                               .delta = lesson.delta,
                               .half_life = cache_.half_life(),
                               .at = lesson.at}));
  cache_.ForgetSender(lesson.sender);
  return {};
}

void SenderLearner::Learn(const SenderLesson& lesson) {
  if (waiting()) return Keep(lesson);  // those before it come first
  const Result<void> applied = Apply(lesson);
  if (applied) return;
  if (IsOutage(applied.error())) return Keep(lesson);
  LogWarning("feedback does not change the sender's score: {}", applied.error().message);
}

void SenderLearner::Keep(const SenderLesson& lesson) {
  const Result<void> kept = spool_->Append(LessonLine(lesson));
  const MutexLock lock(mutex_);
  if (!kept) {
    ++lost_;
    LogWarning("a change of a sender's score is lost ({} so far): {}", lost_, kept.error().message);
  }
  changed_.NotifyAll();
}

/// Makes the changes of a segment, and removes it. Errors: those of the store that may pass, and of the spool.
Result<void> SenderLearner::ApplySegment(const SpoolSegment& segment) {
  for (const std::string& record : segment.records) {
    Result<SenderLesson> lesson = ParseLine(record);
    const Result<void> applied = lesson ? Apply(*lesson) : std::unexpected(lesson.error());
    if (applied) continue;
    if (IsOutage(applied.error())) return applied;
    LogWarning("a change of a sender's score is refused, and kept in rejected.jsonl: {}", applied.error().message);
    TRY(spool_->Reject(record, applied.error().message));
  }
  return spool_->Remove(segment);
}

void SenderLearner::Work() {
  std::unique_ptr<SpoolSegment> segment;  // read, and not yet in the store
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (!ending_ && segment == nullptr && spool_->empty()) changed_.Wait(mutex_);
      if (ending_) return;
    }
    const auto apply = [&]() -> Result<void> {
      if (segment == nullptr) segment = TRY(spool_->Oldest());
      return segment == nullptr ? Result<void>() : ApplySegment(*segment);
    };
    const Result<void> done = BackgroundStepResult("changes of senders' scores", apply);
    if (done) {
      segment = nullptr;
      continue;
    }
    const MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + kPause;
    while (!ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
  }
}

}  // namespace winnow
