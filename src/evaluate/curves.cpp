#include "evaluate/curves.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

namespace winnow {
namespace {

double Share(int64_t part, int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

/// Returns the distance of the point `at` from the line through the points `begin` and `end`, or from these if they are
/// one point.
double Distance(std::span<const double> x, std::span<const double> y, size_t begin, size_t end, size_t at) {
  const double dx = x[end] - x[begin], dy = y[end] - y[begin];
  const double ax = x[at] - x[begin], ay = y[at] - y[begin];
  const double length = std::hypot(dx, dy);
  return length == 0 ? std::hypot(ax, ay) : std::abs(dx * ay - dy * ax) / length;
}

struct Part {
  double distance = 0;
  size_t begin = 0, end = 0, farthest = 0;
  bool operator<(const Part& other) const {
    // Of equals the earlier, so that the result does not depend on the queue's workings.
    return distance != other.distance ? distance < other.distance : begin > other.begin;
  }
};

Part PartOf(std::span<const double> x, std::span<const double> y, size_t begin, size_t end) {
  Part part{.distance = 0, .begin = begin, .end = end, .farthest = begin};
  for (size_t at = begin + 1; at < end; ++at) {
    const double distance = Distance(x, y, begin, end, at);
    if (distance > part.distance) part = {distance, begin, end, at};
  }
  return part;
}

template <class Point, class X, class Y>
std::vector<Point> ThinnedBy(const std::vector<Point>& curve, size_t most, X get_x, Y get_y) {
  std::vector<double> x, y;
  x.reserve(curve.size());
  y.reserve(curve.size());
  for (const Point& point : curve) {
    x.push_back(get_x(point));
    y.push_back(get_y(point));
  }
  std::vector<Point> thin;
  for (const size_t at : ThinnedLine(x, y, most)) thin.push_back(curve[at]);
  return thin;
}

}  // namespace

ThresholdSweep::ThresholdSweep(std::span<const float> scores, size_t stride, std::span<const uint8_t> truth) {
  struct Item {
    float score;
    uint8_t truth;
  };
  std::vector<Item> items(truth.size());
  for (size_t i = 0; i < truth.size(); ++i) items[i] = {scores[i * stride], truth[i]};
  std::ranges::sort(items, std::greater<>(), &Item::score);
  for (size_t i = 0; i < items.size(); ++i) {
    (items[i].truth != 0 ? with_ : without_) += 1;
    const bool last = i + 1 == items.size() || items[i + 1].score != items[i].score;
    if (last) steps_.push_back({.threshold = items[i].score, .hits = with_, .false_positives = without_});
  }
}

SweepStep ThresholdSweep::At(float threshold) const {
  const auto below = std::ranges::partition_point(steps_, [&](const SweepStep& s) { return s.threshold >= threshold; });
  if (below == steps_.begin()) return {.threshold = threshold};
  return {.threshold = threshold, .hits = below[-1].hits, .false_positives = below[-1].false_positives};
}

std::vector<RocPoint> RocCurve(const ThresholdSweep& sweep) {
  if (sweep.with() == 0 || sweep.without() == 0) return {};
  std::vector<RocPoint> curve = {RocPoint{}};
  curve.reserve(sweep.steps().size() + 1);
  for (const SweepStep& step : sweep.steps()) {
    curve.push_back({.fpr = Share(step.false_positives, sweep.without()),
                     .recall = Share(step.hits, sweep.with()),
                     .threshold = step.threshold});
  }
  return curve;
}

std::vector<PrecisionRecallPoint> PrecisionRecallCurve(const ThresholdSweep& sweep) {
  if (sweep.with() == 0) return {};
  std::vector<PrecisionRecallPoint> curve = {{.recall = 0, .precision = 1, .threshold = {}}};
  curve.reserve(sweep.steps().size() + 1);
  for (const SweepStep& step : sweep.steps()) {
    curve.push_back({.recall = Share(step.hits, sweep.with()),
                     .precision = Share(step.hits, step.hits + step.false_positives),
                     .threshold = step.threshold});
    if (step.hits == sweep.with()) break;  // lower thresholds only lose precision
  }
  return curve;
}

std::optional<double> AveragePrecision(const ThresholdSweep& sweep) {
  if (sweep.with() == 0) return std::nullopt;
  double sum = 0;
  int64_t before = 0;
  for (const SweepStep& step : sweep.steps()) {
    sum += Share(step.hits - before, sweep.with()) * Share(step.hits, step.hits + step.false_positives);
    before = step.hits;
  }
  return sum;
}

std::vector<size_t> ThinnedLine(std::span<const double> x, std::span<const double> y, size_t most) {
  if (x.empty()) return {};
  if (x.size() == 1) return {0};
  std::vector<size_t> kept = {0, x.size() - 1};
  std::priority_queue<Part> parts;
  parts.push(PartOf(x, y, 0, x.size() - 1));
  while (kept.size() < most && !parts.empty()) {
    const Part part = parts.top();
    parts.pop();
    if (part.distance <= 1e-12) break;
    kept.push_back(part.farthest);
    parts.push(PartOf(x, y, part.begin, part.farthest));
    parts.push(PartOf(x, y, part.farthest, part.end));
  }
  std::ranges::sort(kept);
  return kept;
}

std::vector<RocPoint> Thinned(const std::vector<RocPoint>& curve, size_t most) {
  return ThinnedBy(
      curve, most, [](const RocPoint& p) { return p.fpr; }, [](const RocPoint& p) { return p.recall; });
}

std::vector<PrecisionRecallPoint> Thinned(const std::vector<PrecisionRecallPoint>& curve, size_t most) {
  using Point = PrecisionRecallPoint;
  return ThinnedBy(
      curve, most, [](const Point& p) { return p.recall; }, [](const Point& p) { return p.precision; });
}

void Reliability::Add(double confidence, bool hit) {
  const int bin = std::clamp(static_cast<int>(std::ceil(confidence * kBins)) - 1, 0, kBins - 1);
  ++counts_[bin];
  hits_[bin] += hit ? 1 : 0;
  confidences_[bin] += confidence;
}

std::vector<ReliabilityBin> Reliability::Bins() const {
  std::vector<ReliabilityBin> bins;
  for (int i = 0; i < kBins; ++i) {
    bins.push_back({.low = static_cast<double>(i) / kBins,
                    .high = static_cast<double>(i + 1) / kBins,
                    .count = counts_[i],
                    .hits = hits_[i],
                    .confidence = counts_[i] == 0 ? 0 : confidences_[i] / static_cast<double>(counts_[i]),
                    .hit_rate = WilsonInterval(hits_[i], counts_[i])});
  }
  return bins;
}

}  // namespace winnow
