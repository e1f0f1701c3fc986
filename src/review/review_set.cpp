#include "review/review_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <unordered_map>
#include <unordered_set>

#include "base/threads.h"

namespace winnow {

ReviewSet::ReviewSet(ReviewSetOptions options, ReviewPool pool)
    : options_(std::move(options)),
      pool_(std::move(pool)),
      state_(pool_.texts.size(), pool_.settings.labels),
      is_audit_(pool_.texts.size()) {
  const ReviewOrder order = OrderWithout(total(), pool_.settings.removed, pool_.settings.seed);
  for (size_t i = 0; i < order.audits; ++i) is_audit_[order.items[i]] = true;
}

Result<std::shared_ptr<ReviewSet>> ReviewSet::Open(ReviewSetOptions options) {
  ReviewPool pool = TRY(ReadReview(options.sources.directory));
  std::shared_ptr<ReviewSet> set(new ReviewSet(std::move(options), std::move(pool)));
  {
    const MutexLock lock(set->mutex_);
    TRY(ReadEntries(set->options_.sources.directory / kLabelLog,
                    [&](const LogEntry& entry) REQUIRES(set->mutex_) -> Result<void> {
                      TRY(set->state_.Apply(entry));
                      return {};
                    }));
  }
  set->SetFirstOrder();
  return set;
}

ReviewSet::~ReviewSet() { Close(); }

void ReviewSet::Start() {
  const MutexLock lock(mutex_);
  if (started_ || stop_) return;
  started_ = true;
  worker_ = std::thread([this] { Work(); });
}

void ReviewSet::Close() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
    wake_.NotifyAll();
    fitted_changed_.NotifyAll();
  }
  if (worker_.joinable()) worker_.join();
}

void ReviewSet::Retire(bool retired) {
  const MutexLock lock(log_mutex_);
  retired_ = retired;
}

/// Texts in random order, until features are there.
void ReviewSet::SetFirstOrder() {
  const auto [random, audits] = OrderWithout(total(), pool_.settings.removed, pool_.settings.seed);
  std::vector<QueuePlace> places;
  for (size_t i = audits; i < random.size(); ++i) places.push_back({random[i], Queue::kUnsure});
  auto fitted = std::make_shared<FittedReview>();
  const std::span<const uint32_t> audit = std::span(random).first(audits);
  for (const Queue queue : {Queue::kMixed, Queue::kUnsure}) {
    fitted->orders[static_cast<size_t>(queue)] = WithAudits(places, audit);
  }
  for (const uint32_t item : audit) {
    fitted->orders[static_cast<size_t>(Queue::kAudit)].push_back({item, Queue::kAudit});
  }
  const MutexLock lock(mutex_);
  fitted_ = std::move(fitted);
}

size_t ReviewSet::labelled() const {
  const MutexLock lock(mutex_);
  return state_.labelled();
}

std::vector<std::string> ReviewSet::labels() const {
  const MutexLock lock(mutex_);
  return state_.labels();
}

ReviewStats ReviewSet::StatsLocked() const {
  ReviewStats stats{.labelled = state_.labelled(), .skipped = state_.skipped()};
  std::vector<size_t> counts(state_.labels().size());
  for (size_t i = 0; i < state_.items(); ++i) {
    if (state_.item(i).label >= 0) ++counts[static_cast<size_t>(state_.item(i).label)];
  }
  for (size_t l = 0; l < counts.size(); ++l) stats.per_label[state_.labels()[l]] = counts[l];
  stats.estimate = estimate_;
  const bool random = estimate_ && estimate_->basis == EstimateBasis::kRandom;
  if (random) stats.next = ExtrapolateGain(state_.curve(), estimated_at_, 100, estimate_->interval);
  stats.sentence = EstimateSentence(estimate_, stats.next, estimate_ ? estimated_at_ : stats.labelled);
  return stats;
}

ReviewStats ReviewSet::Stats() const {
  const MutexLock lock(mutex_);
  return StatsLocked();
}

ReviewStatus ReviewSet::Status() const {
  const MutexLock lock(mutex_);
  ReviewStatus status{.phase = phase_, .error = error_, .prepared = done_, .total = total()};
  status.labels = state_.labels();
  for (size_t q = 0; q < kQueues; ++q) {
    size_t left = 0;
    for (const QueuePlace& place : fitted_->orders[q]) left += state_.item(place.item).label < 0 ? 1 : 0;
    status.queues.emplace_back(static_cast<Queue>(q), left);
  }
  status.stats = StatsLocked();
  status.curve = state_.curve();
  return status;
}

NextItems ReviewSet::Next(Queue queue, size_t count, const std::string& reviewer) {
  const MutexLock lock(mutex_);
  const Clock::time_point now = Clock::now();
  NextItems next;
  std::unordered_set<size_t> taken, skipped;
  const auto offer = [&](size_t item, Queue why) REQUIRES(mutex_) {
    if (next.items.size() >= count || state_.IsTaken(item, reviewer, now) || !taken.insert(item).second) return;
    state_.Lease(item, reviewer, now, why == Queue::kAudit);
    next.items.push_back(ItemLocked(item, why));
  };
  std::unordered_map<size_t, Queue> passed;
  for (const QueuePlace& place : fitted_->orders[static_cast<size_t>(queue)]) {
    const int32_t label = state_.item(place.item).label;
    if (label >= 0) continue;
    ++next.left;
    if (label == kSkipped) {
      passed.emplace(place.item, place.why);
    } else {
      offer(place.item, place.why);
    }
  }
  if (next.items.size() < count && !passed.empty()) {
    for (const size_t item : state_.Skipped()) {
      if (const auto found = passed.find(item); found != passed.end()) offer(item, found->second);
    }
  }
  return next;
}

Result<std::optional<ReviewState::Undone>> ReviewSet::Record(LogEntry entry) {
  entry.time = std::time(nullptr);
  size_t count = 0;
  std::optional<ReviewState::Undone> undone;
  {
    const MutexLock log(log_mutex_);
    if (retired_)
      return Fail(ErrorCode::kCancelled, fmt::format("the review '{}' was deleted meanwhile", pool_.settings.set));
    {
      const MutexLock lock(mutex_);
      TRY(state_.Check(entry));
      if (entry.kind == LogEntry::Kind::kUndo && !state_.CanUndo(entry.reviewer)) return undone;
      for (LabelDecision& decision : entry.decisions) {
        decision.blind = is_audit_[decision.item] && state_.WasRandom(decision.item, entry.reviewer);
      }
    }
    TRY(AppendEntry(options_.sources.directory / kLabelLog, entry));
    const MutexLock lock(mutex_);
    undone = TRY(state_.Apply(entry));
    count = state_.labelled();
    if (state_.decisions() >= fitted_decisions_ + kRefitEvery || entry.kind == LogEntry::Kind::kAddLabels) {
      wake_.NotifyAll();
    }
  }
  if (entry.kind != LogEntry::Kind::kEstimate && options_.changed) options_.changed(pool_.settings.set, count);
  return undone;
}

Result<void> ReviewSet::Label(const std::string& reviewer, std::vector<LabelDecision> decisions) {
  if (decisions.empty()) return {};
  LogEntry entry{.kind = LogEntry::Kind::kLabels, .reviewer = reviewer};
  entry.decisions = std::move(decisions);
  TRY(Record(std::move(entry)));
  return {};
}

Result<std::optional<std::pair<ReviewItem, ReviewState::Undone>>> ReviewSet::Undo(const std::string& reviewer) {
  const std::optional<ReviewState::Undone> undone = TRY(Record({.kind = LogEntry::Kind::kUndo, .reviewer = reviewer}));
  std::optional<std::pair<ReviewItem, ReviewState::Undone>> result;
  if (!undone) return result;
  const MutexLock lock(mutex_);
  // What was drawn at random and labelled blind is asked again in the same way.
  const Queue why = is_audit_[undone->item] ? Queue::kAudit : Queue::kUnsure;
  state_.Lease(undone->item, reviewer, Clock::now(), why == Queue::kAudit);
  result.emplace(ItemLocked(undone->item, why), *undone);
  return result;
}

Result<void> ReviewSet::AddLabels(const std::vector<std::string>& names) {
  LogEntry entry{.kind = LogEntry::Kind::kAddLabels};
  entry.add = names;
  TRY(Record(std::move(entry)));
  return {};
}

std::vector<std::pair<std::string, std::string>> ReviewSet::Labelled(bool with_given) const {
  const MutexLock lock(mutex_);
  std::vector<std::pair<std::string, std::string>> labelled;
  for (size_t i = 0; i < state_.items(); ++i) {
    const int32_t label = state_.item(i).label;
    const PoolText& text = pool_.texts[i];
    if (label >= 0) {
      labelled.emplace_back(text.text, state_.labels()[static_cast<size_t>(label)]);
    } else if (with_given && text.given) {
      labelled.emplace_back(text.text, *text.given);
    }
  }
  return labelled;
}

bool ReviewSet::TakeRefitted(const std::string& reviewer) {
  constexpr size_t kMostReviewers = 1000;  // names that clients choose
  const MutexLock lock(mutex_);
  if (seen_fits_.size() >= kMostReviewers && !seen_fits_.contains(reviewer)) seen_fits_.clear();
  return std::exchange(seen_fits_[reviewer], fits_) != fits_;
}

bool ReviewSet::WaitUntilFitted(std::chrono::milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  const MutexLock lock(mutex_);
  while (phase_ != ReviewPhase::kFailed && !stop_) {
    if (phase_ == ReviewPhase::kReady && state_.decisions() < fitted_decisions_ + kRefitEvery) return true;
    if (!fitted_changed_.WaitUntil(mutex_, until)) return false;
  }
  return false;
}

}  // namespace winnow
