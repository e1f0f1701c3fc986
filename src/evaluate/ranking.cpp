#include "evaluate/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace winnow {

std::optional<double> RocAuc(std::span<const float> scores, size_t stride, std::span<const uint8_t> truth) {
  struct Item {
    float score;
    uint8_t truth;
  };
  std::vector<Item> items(truth.size());
  int64_t with = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    items[i] = {scores[i * stride], truth[i]};
    with += truth[i];
  }
  const int64_t without = static_cast<int64_t>(truth.size()) - with;
  if (with == 0 || without == 0) return std::nullopt;
  std::ranges::sort(items, {}, &Item::score);
  // Twice the pairs won, in integers: exact, whatever the order of equals.
  int64_t won_twice = 0, without_below = 0;
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin;
    int64_t with_here = 0;
    for (; end < items.size() && items[end].score == items[begin].score; ++end) with_here += items[end].truth;
    const int64_t without_here = static_cast<int64_t>(end - begin) - with_here;
    won_twice += with_here * (2 * without_below + without_here);
    without_below += without_here;
    begin = end;
  }
  return static_cast<double>(won_twice) / (2.0 * static_cast<double>(with) * static_cast<double>(without));
}

void CalibrationError::Add(double confidence, bool hit) {
  const int bin = std::clamp(static_cast<int>(std::ceil(confidence * kBins)) - 1, 0, kBins - 1);
  ++bins_[bin].count;
  bins_[bin].hits += hit ? 1 : 0;
  bins_[bin].confidence += confidence;
}

std::optional<double> CalibrationError::Value() const {
  int64_t count = 0;
  double gap = 0;
  for (const Bin& bin : bins_) {
    count += bin.count;
    gap += std::abs(bin.confidence - static_cast<double>(bin.hits));
  }
  if (count == 0) return std::nullopt;
  return gap / static_cast<double>(count);
}

std::optional<double> AdaptiveCalibrationError::Value() const {
  constexpr size_t kBins = 15;
  if (texts_.empty()) return std::nullopt;
  std::vector<Text> sorted = texts_;
  std::ranges::sort(sorted, {}, &Text::confidence);
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    double hits = 0;
    for (; end < sorted.size() && sorted[end].confidence == sorted[begin].confidence; ++end) hits += sorted[end].hit;
    for (const double mean = hits / static_cast<double>(end - begin); begin < end; ++begin) sorted[begin].hit = mean;
  }
  double gap = 0;
  for (size_t bin = 0; bin < kBins; ++bin) {
    double difference = 0;
    for (size_t i = bin * sorted.size() / kBins; i < (bin + 1) * sorted.size() / kBins; ++i)
      difference += sorted[i].confidence - sorted[i].hit;
    gap += std::abs(difference);
  }
  return gap / static_cast<double>(sorted.size());
}

double LogLoss(double probability_of_truth) {
  return -std::log(std::clamp(probability_of_truth, std::numeric_limits<double>::epsilon(), 1.0));
}

}  // namespace winnow
