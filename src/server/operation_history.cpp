#include "server/operation_history.h"

#include <algorithm>

#include "base/background_step.h"

namespace winnow {
namespace {

constexpr size_t kMostSamples = 24 * 60 + 1;  // a day of minutes, which have two ends

/// Returns the sample of a server that has done nothing yet.
OperationSample FirstAt(StoreTime at) {
  OperationSample sample;
  sample.at = at;
  return sample;
}

OperationPeriod Between(const OperationSample& from, const OperationSample& until) {
  OperationPeriod period{.from = from.at, .until = until.at, .did = until};
  OperationSample& did = period.did;
  did.requests -= from.requests;
  did.errors -= from.errors;
  did.refused -= from.refused;
  did.texts -= from.texts;
  did.judged_spam -= from.judged_spam;
  did.judged_ham -= from.judged_ham;
  did.cache_hits -= from.cache_hits;
  did.cache_misses -= from.cache_misses;
  for (size_t i = 0; i < std::min(did.durations.size(), from.durations.size()); ++i)
    did.durations[i] -= from.durations[i];
  return period;
}

}  // namespace

double OperationPeriod::seconds() const { return std::chrono::duration<double>(until - from).count(); }

double OperationPeriod::PerSecond(uint64_t events) const {
  return seconds() <= 0 ? 0 : static_cast<double>(events) / seconds();
}

std::optional<double> OperationPeriod::Milliseconds(double quantile) const {
  const std::optional<double> duration = QuantileOf(did.durations, quantile);
  if (!duration) return std::nullopt;
  return 1000 * *duration;
}

std::optional<double> QuantileOf(std::span<const uint64_t> durations, double quantile) {
  const std::span<const double> bounds = ServerMetrics::SecondsBounds();
  double total = 0;
  for (const uint64_t count : durations) total += static_cast<double>(count);
  if (total == 0) return std::nullopt;
  double below = 0;
  for (size_t i = 0; i < std::min(bounds.size(), durations.size()); ++i) {
    const auto count = static_cast<double>(durations[i]);
    if (count > 0 && below + count >= quantile * total) {
      const double low = i == 0 ? 0 : bounds[i - 1];
      return low + (bounds[i] - low) * std::clamp((quantile * total - below) / count, 0.0, 1.0);
    }
    below += count;
  }
  return bounds.back();
}

OperationHistory::OperationHistory(std::shared_ptr<const ServerMetrics> metrics) : metrics_(std::move(metrics)) {}

void OperationHistory::Start() {
  Add(FirstAt(started_));
  thread_ = std::thread([this] { Work(); });
}

void OperationHistory::Stop() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

OperationSample OperationHistory::Now() const {
  OperationSample sample;
  sample.at = StoreNow();
  const ServedCounts counts = metrics_->Counts();
  const MetricsSnapshot snapshot = metrics_->Snapshot();
  for (const ServedCounts::OfRoute& route : counts.routes) {
    sample.requests += route.count;
    sample.errors += route.errors;
    sample.refused += route.refused;
    sample.durations.resize(std::max(sample.durations.size(), route.durations.size()));
    for (size_t i = 0; i < route.durations.size(); ++i) sample.durations[i] += route.durations[i];
  }
  sample.texts = counts.texts;
  sample.judged_spam = counts.judged_spam;
  sample.judged_ham = counts.judged_ham;
  sample.cache_hits = snapshot.cache_hits;
  sample.cache_misses = snapshot.cache_misses;
  sample.queued_texts = snapshot.queued_texts;
  return sample;
}

void OperationHistory::Add(OperationSample sample) {
  const MutexLock lock(mutex_);
  samples_.push_back(std::move(sample));
  if (samples_.size() > kMostSamples) samples_.pop_front();
}

OperationPeriod OperationHistory::Last(std::chrono::minutes time, const OperationSample& now) const {
  const MutexLock lock(mutex_);
  if (samples_.empty()) return Between(FirstAt(started_), now);
  // The last sample that is old enough, or the first one.
  auto from = samples_.begin();
  for (auto at = samples_.begin(); at != samples_.end() && at->at + time <= now.at; ++at) from = at;
  return Between(*from, now);
}

std::vector<OperationPeriod> OperationHistory::Minutes(size_t minutes) const {
  const MutexLock lock(mutex_);
  std::vector<OperationPeriod> periods;
  const size_t count = std::min(minutes, samples_.empty() ? 0 : samples_.size() - 1);
  for (size_t i = samples_.size() - count; i < samples_.size(); ++i)
    periods.push_back(Between(samples_[i - 1], samples_[i]));
  return periods;
}

void OperationHistory::Work() {
  while (true) {
    const auto now = std::chrono::system_clock::now();
    const auto left = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1) - now;
    {
      const auto until = std::chrono::steady_clock::now() + left;
      const MutexLock lock(mutex_);
      while (!ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
      if (ending_) return;
    }
    RunBackgroundStep("history of the operation", [this] { Add(Now()); });
  }
}

}  // namespace winnow
