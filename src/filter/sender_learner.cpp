#include "filter/sender_learner.h"

#include "base/log.h"

namespace winnow {
namespace {

constexpr std::chrono::milliseconds kPause(1000);

bool MayPass(const Error& error) { return error.code == ErrorCode::kNetwork || error.code == ErrorCode::kIo; }

}  // namespace

SenderLearner::SenderLearner(History::StoreSource store, KnownStateCache& cache)
    : store_(std::move(store)), cache_(cache) {
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

Result<void> SenderLearner::Apply(const SenderLesson& lesson) {
  const std::shared_ptr<Store> store = store_();
  if (store == nullptr) return Fail(ErrorCode::kNetwork, "the store is not open");
  TRY(store->ChangeReputation({.idempotency_key = lesson.key,
                               .key = {lesson.sender, std::string(kScoreKind), lesson.user},
                               .delta = lesson.delta,
                               .half_life = cache_.half_life(),
                               .at = lesson.at}));
  cache_.ForgetSender(lesson.sender);
  return {};
}

void SenderLearner::Learn(SenderLesson lesson) {
  {
    const MutexLock lock(mutex_);
    if (!waiting_.empty()) {  // those before it come first
      if (waiting_.size() < kMostWaiting) waiting_.push_back(std::move(lesson));
      return;
    }
  }
  const Result<void> applied = Apply(lesson);
  if (applied) return;
  if (!MayPass(applied.error())) {
    LogWarning("feedback does not change the sender's score: {}", applied.error().message);
    return;
  }
  const MutexLock lock(mutex_);
  waiting_.push_back(std::move(lesson));
  changed_.NotifyAll();
}

size_t SenderLearner::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void SenderLearner::Work() {
  while (true) {
    SenderLesson lesson;
    {
      const MutexLock lock(mutex_);
      while (!ending_ && waiting_.empty()) changed_.Wait(mutex_);
      if (ending_) {
        if (!waiting_.empty()) LogWarning("{} changes of senders' scores are lost: the store is down", waiting_.size());
        return;
      }
      lesson = waiting_.front();
    }
    const Result<void> applied = Apply(lesson);
    const MutexLock lock(mutex_);
    if (applied || !MayPass(applied.error())) {
      waiting_.pop_front();
      continue;
    }
    const auto until = std::chrono::steady_clock::now() + kPause;
    while (!ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
  }
}

}  // namespace winnow
