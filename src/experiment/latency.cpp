#include "experiment/latency.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace winnow {
namespace {

constexpr double kSmallest = 10e-6;
constexpr double kBucketsPerDoubling = 8;

}  // namespace

double LatencyHistogram::UpperEnd(size_t bucket) {
  return kSmallest * std::exp2(static_cast<double>(bucket) / kBucketsPerDoubling);
}

void LatencyHistogram::Add(double seconds) {
  const double place = seconds > kSmallest ? std::ceil(std::log2(seconds / kSmallest) * kBucketsPerDoubling) : 0;
  ++buckets_[static_cast<size_t>(std::min(place, static_cast<double>(kBuckets - 1)))];
  ++count_;
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

double LatencyHistogram::Quantile(double level) const {
  if (count_ == 0) return 0;
  if (level >= 1) return UpperEnd(kBuckets - 1);
  const auto rank = std::max(1.0, std::ceil(std::max(level, 0.0) * static_cast<double>(count_)));
  uint64_t sum = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    sum += buckets_[i];
    if (static_cast<double>(sum) >= rank) return UpperEnd(i);
  }
  return UpperEnd(kBuckets - 1);
}

Json LatencyHistogram::ToJson() const {
  Json json = Json::object();
  for (size_t i = 0; i < kBuckets; ++i)
    if (buckets_[i] != 0) json[std::to_string(i)] = buckets_[i];
  return json;
}

Result<LatencyHistogram> LatencyHistogram::FromJson(const Json& json) {
  LatencyHistogram histogram;
  for (size_t i = 0; json.is_object() && i < kBuckets; ++i) {
    const Json* const number = json.Find(std::to_string(i));
    if (number == nullptr) continue;
    if (!number->is_number_integer() || number->get<int64_t>() < 0)
      return Fail(ErrorCode::kInvalidData, "a count of latencies is not a number");
    histogram.buckets_[i] = number->get<uint64_t>();
    histogram.count_ += histogram.buckets_[i];
  }
  return histogram;
}

double DistributionBound(uint64_t count, double alpha) {
  if (count == 0) return 1;
  const auto n = static_cast<double>(count);
  return 0.85 * std::sqrt((std::log(std::log(std::numbers::e * n)) + 0.8 * std::log(1612 / alpha)) / n);
}

}  // namespace winnow
