/// What a server did in each of the last minutes, kept in memory for a day.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/metrics.h"
#include "store/time_text.h"

namespace winnow {

/// Totals of a server at a time, from its start on.
struct OperationSample {
  StoreTime at = {};
  uint64_t requests = 0, errors = 0, refused = 0;
  uint64_t texts = 0, judged_spam = 0, judged_ham = 0;
  uint64_t cache_hits = 0, cache_misses = 0;
  size_t queued_texts = 0;          ///< at this time
  std::vector<uint64_t> durations;  ///< see ServedCounts::OfRoute
};

/// What happened between two samples.
struct OperationPeriod {
  StoreTime from = {}, until = {};
  OperationSample did;  ///< differences of the totals

  double seconds() const;
  /// Returns events per second.
  double PerSecond(uint64_t events) const;
  /// Returns a quantile of the durations in milliseconds; nothing if there was no request.
  std::optional<double> Milliseconds(double quantile) const;
};

/// Returns a quantile of durations in seconds, interpolated in its bucket; nothing if there are none. Durations above
/// the last bound count as the last bound.
std::optional<double> QuantileOf(std::span<const uint64_t> durations, double quantile);

/// Thread-safe. A thread takes a sample at each full minute, from Start to Stop.
class OperationHistory {
 public:
  explicit OperationHistory(std::shared_ptr<const ServerMetrics> metrics);
  OperationHistory(const OperationHistory&) = delete;
  OperationHistory& operator=(const OperationHistory&) = delete;
  ~OperationHistory() { Stop(); }

  void Start();
  void Stop();

  /// Returns the totals of now.
  OperationSample Now() const;
  /// Keeps a sample, and drops the oldest one of more than a day; the samples must be in the order of time.
  void Add(OperationSample sample);

  StoreTime started() const { return started_; }
  /// Returns what happened in the last minutes, until `now`; from the start on if the server has not run for so long.
  OperationPeriod Last(std::chrono::minutes time, const OperationSample& now) const;
  /// Returns one period per minute, the oldest first, at most `minutes`.
  std::vector<OperationPeriod> Minutes(size_t minutes) const;

 private:
  void Work();

  const std::shared_ptr<const ServerMetrics> metrics_;
  const StoreTime started_ = StoreNow();
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<OperationSample> samples_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow
