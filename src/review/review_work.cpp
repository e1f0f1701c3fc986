// The thread of a review: preparation, refits, measurements.
#include <algorithm>
#include <unordered_map>

#include "base/background_step.h"
#include "base/log.h"
#include "base/threads.h"
#include "review/queues.h"
#include "review/review_set.h"
#include "text/duplicate_key.h"

namespace winnow {

FitInput ReviewSet::InputLocked() const {
  FitInput input{.labels = {}, .blind = {}, .num_labels = state_.labels().size(), .labelled = state_.labelled()};
  for (size_t i = 0; i < state_.items(); ++i) {
    input.labels.push_back(state_.item(i).label);
    input.blind.push_back(state_.item(i).blind);
  }
  return input;
}

Result<void> ReviewSet::Prepare() {
  auto prepared = std::make_shared<PreparedReview>(TRY(PrepareReview(pool_, options_.sources, [this](size_t done) {
    done_ = done;
    return !stop_;
  })));
  if (options_.contradictions) {
    std::unordered_map<std::string, uint32_t> item_of;
    for (uint32_t i = 0; i < total(); ++i) item_of.emplace(DuplicateKey(pool_.texts[i].text), i);
    for (const std::string& key : options_.contradictions()) {
      if (const auto found = item_of.find(key); found != item_of.end()) prepared->contradicted.push_back(found->second);
    }
  }
  const MutexLock lock(mutex_);
  prepared_ = std::move(prepared);
  return {};
}

void ReviewSet::Work() {
  NameThread("review");
  const Result<void> prepared = BackgroundStepResult("review", [&] { return Prepare(); });
  if (!prepared) {
    if (!stop_) LogWarning("review '{}': {}", pool_.settings.set, prepared.error().Text());
    const MutexLock lock(mutex_);
    phase_ = ReviewPhase::kFailed;
    error_ = prepared.error().Text();
    fitted_changed_.NotifyAll();
    return;
  }
  for (bool first = true; !stop_; first = false) {
    if (!first) {
      const MutexLock lock(mutex_);
      while (!stop_ && state_.decisions() < fitted_decisions_ + kRefitEvery &&
             fitted_labels_ == state_.labels().size()) {
        wake_.Wait(mutex_);
      }
    }
    if (!stop_) Refit();
  }
}

/// Counts the places of texts for audits from the texts that are labelled now, more of them than when the orders were
/// made. Otherwise each fit would put off the next audit, and fewer than every fifth text would be one.
void ReviewSet::SpreadAudits(FittedReview& fitted) const {
  const auto is_labelled = [this](size_t item) REQUIRES(mutex_) { return state_.item(item).label >= 0; };
  std::vector<uint32_t> audit;
  for (const QueuePlace& place : fitted.orders[static_cast<size_t>(Queue::kAudit)]) {
    if (!is_labelled(place.item)) audit.push_back(place.item);
  }
  size_t audited = 0;
  for (size_t i = 0; i < total(); ++i) audited += is_audit_[i] && is_labelled(i) ? 1 : 0;
  for (size_t q = 0; q < kQueues; ++q) {
    std::vector<QueuePlace> order = std::move(fitted.orders[q]);
    if (static_cast<Queue>(q) != Queue::kAudit) {
      std::erase_if(order, [&](const QueuePlace& place)
                               REQUIRES(mutex_) { return place.why == Queue::kAudit || is_labelled(place.item); });
    }
    fitted.orders[q] = QueueWithAudits(static_cast<Queue>(q), std::move(order), audit, state_.labelled(), audited);
  }
}

void ReviewSet::Refit() {
  FitInput input;
  std::shared_ptr<const PreparedReview> prepared;
  std::shared_ptr<const FittedReview> before;
  uint64_t decisions = 0;
  {
    const MutexLock lock(mutex_);
    input = InputLocked();
    prepared = prepared_;
    if (phase_ == ReviewPhase::kReady) before = fitted_;
    decisions = state_.decisions();
  }
  Result<FittedReview> fitted =
      BackgroundStepResult("review", [&] { return FitReview(*prepared, input, before.get()); });
  {
    const MutexLock lock(mutex_);
    fitted_decisions_ = decisions;
    fitted_labels_ = input.num_labels;
    if (fitted) {
      if (state_.labelled() != input.labelled) SpreadAudits(*fitted);
      fitted_ = std::make_shared<const FittedReview>(*std::move(fitted));
      phase_ = ReviewPhase::kReady;
      ++fits_;
    } else {
      phase_ = ReviewPhase::kFailed;
      error_ = fitted.error().Text();
      LogWarning("review '{}': {}", pool_.settings.set, error_);
    }
    fitted_changed_.NotifyAll();
  }
  RunBackgroundStep("review", [&] { Measure(input); });
}

void ReviewSet::Measure(const FitInput& input) {
  std::shared_ptr<const PreparedReview> prepared;
  {
    const MutexLock lock(mutex_);
    prepared = prepared_;
  }
  // A refit that is due goes first, since reviewers wait for its order; but not for ever.
  constexpr int kMostBroken = 3;
  const auto go_on = [&] {
    if (stop_) return false;
    const MutexLock lock(mutex_);
    return broken_ >= kMostBroken || state_.decisions() < fitted_decisions_ + kRefitEvery;
  };
  const Result<std::vector<HeldOutPrediction>> predictions = PredictHeldOut(*prepared, input, fold_heads_, go_on);
  broken_ = predictions ? 0 : broken_ + 1;
  if (!predictions && predictions.error().code == ErrorCode::kCancelled) return;
  if (!predictions) {
    LogWarning("review '{}': {}", pool_.settings.set, predictions.error().Text());
    return;
  }
  const std::optional<Estimate> estimate = EstimateMacroF1(*predictions, input.num_labels);
  bool noted = false;
  {
    const MutexLock lock(mutex_);
    estimate_ = estimate;
    estimated_at_ = input.labelled;
    const auto known = [&](const CurvePoint& point) { return point.labelled + kRefitEvery > input.labelled; };
    noted = !estimate || estimate->basis != EstimateBasis::kRandom || std::ranges::any_of(state_.curve(), known);
  }
  if (noted) return;
  const Result<std::optional<ReviewState::Undone>> written =
      Record({.kind = LogEntry::Kind::kEstimate, .labelled = input.labelled, .f1_macro = estimate->f1_macro});
  if (!written && written.error().code != ErrorCode::kCancelled)
    LogWarning("review '{}': {}", pool_.settings.set, written.error().Text());
}

}  // namespace winnow
