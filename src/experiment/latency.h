/// Latencies of an arm, and a bound on how far its quantiles may be from the true ones.
#pragma once

#include <array>
#include <cstdint>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// A histogram with buckets that grow by a factor of the eighth root of 2, from 10 microseconds to 2 minutes, so that
/// quantiles are within 9 % of those of the data. Histograms of several servers add up.
class LatencyHistogram {
 public:
  void Add(double seconds);
  void Add(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  /// Returns the upper end of the bucket of the quantile; 0 if there are no latencies. A level of at least 1 gives the
  /// upper end of the last bucket, since nothing is known of larger ones.
  double Quantile(double level) const;

  Json ToJson() const;
  /// Errors: kInvalidData.
  static Result<LatencyHistogram> FromJson(const Json& json);
  friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;

 private:
  static constexpr size_t kBuckets = 190;
  static double UpperEnd(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
};

/// Returns how far the share of latencies below any value may be from its true one after `count` latencies, at all
/// counts and values at once, with a probability of 1 - alpha: 0.85 sqrt((log log(e n) + 0.8 log(1612 / alpha)) / n).
/// Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
/// identification", Bernoulli 28 (2022), arXiv:1906.09712, Corollary 2.
double DistributionBound(uint64_t count, double alpha);

}  // namespace winnow
